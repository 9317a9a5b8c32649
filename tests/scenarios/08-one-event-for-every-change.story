One event for every change

Events about a referral were sent before the change was committed, or for something else than had happened.
Here whoever subscribes gets one kind of notice for every change, after it has become a fact, and only as
far as it may know it.
---
person Jordan
parole-north sends StatusSubscription by w-104 with active=true
parole-north refers Jordan to housing-harbor as ROOM
expect parole-north gets ReferralStatusNotice about ROOM with toState=REQUESTED
housing-harbor collects
housing-harbor moves ROOM receive --worker w-21
expect parole-north gets ReferralStatusNotice about ROOM with toState=RECEIVED
housing-harbor moves ROOM decline --reason not_eligible
# Not eligible is an end of its own, and no "referral ended".
expect parole-north gets ReferralStatusNotice about ROOM with toState=DECLINED, reasonCode=not_eligible
expect parole-north gets no ReferralStatusNotice about ROOM with toState=ENDED_EARLY
# Nobody else has subscribed.
expect housing-harbor gets no ReferralStatusNotice about ROOM
