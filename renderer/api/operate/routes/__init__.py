"""The addresses of the operators' page. Like the API's, its modules do without future annotations."""
