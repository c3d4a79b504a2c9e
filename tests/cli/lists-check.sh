vedette lists check names.txt bad.txt partner.yaml
