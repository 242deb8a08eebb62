//! The `billFormat` resource: how bills are laid out (TMF666).

function::serve_resource!(account_management::BILL_FORMAT);
