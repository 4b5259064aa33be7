"""Files that change between the stage that makes them and the stage that reads them."""
