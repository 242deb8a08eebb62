//! The `partyAccount` resource: an account that a party holds (TMF666).

function::serve_resource!(account_management::PARTY_ACCOUNT);
