//! The `financialAccount` resource: an account in the ledger (TMF666).

function::serve_resource!(account_management::FINANCIAL_ACCOUNT);
