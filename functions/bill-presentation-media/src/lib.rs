//! The `billPresentationMedia` resource: how bills are delivered (TMF666).

function::serve_resource!(account_management::BILL_PRESENTATION_MEDIA);
