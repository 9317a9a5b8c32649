Three are asked, one wins

A referral goes to three providers at once. The first to accept wins; the two others are told that nothing
is wanted of them any more, and destroy what they have. None of them learns of another.
---
id GROUP
person Jordan
parole-north refers Jordan to housing-harbor as HARBOR with offerGroup={GROUP}
parole-north refers Jordan to housing-bridge as BRIDGE with offerGroup={GROUP}
parole-north refers Jordan to housing-lake as LAKE with offerGroup={GROUP}
expect housing-harbor gets Referral about HARBOR
expect housing-bridge gets Referral about BRIDGE
housing-harbor moves HARBOR receive --worker w-1
housing-bridge moves BRIDGE receive --worker w-2
housing-bridge moves BRIDGE accept
expect refused offer_taken: housing-harbor moves HARBOR accept
expect HARBOR is CANCELLED for housing-harbor
expect LAKE is CANCELLED for parole-north
expect BRIDGE is ACCEPTED for parole-north
expect housing-harbor gets RecallNotice about HARBOR
# The lake had not collected it: there is nothing to take back, and nothing to learn.
expect housing-lake gets no Referral about LAKE
expect housing-lake does not see LAKE
expect housing-harbor does not see BRIDGE
expect housing-harbor: task list with kind=attest
