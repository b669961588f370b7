"""What people see, before anybody draws it: sections, tables, verdicts, remarks and commands, without markup."""
