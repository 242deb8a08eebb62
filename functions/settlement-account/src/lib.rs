//! The `settlementAccount` resource: an account that is settled with, such as that of a partner (TMF666).

function::serve_resource!(account_management::SETTLEMENT_ACCOUNT);
