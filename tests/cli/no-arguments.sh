vedette
