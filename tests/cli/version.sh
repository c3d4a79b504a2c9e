vedette --version
vedette version
