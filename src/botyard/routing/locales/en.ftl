# What every bot says, whatever its features.

not-understood = I did not understand that. /help shows what I can do.
command-unknown = There is no command /{ $command } here. /help shows what I can do.
command-nearest = There is no command /{ $command } here. Did you mean /{ $nearest }?
role-needed =
    /{ $command } is for { $role ->
        [SUBSCRIBER] subscribers
        [ADMIN] admins
       *[OWNER] the owner
    } (role { $role }).
role-needed-plain =
    This button is for { $role ->
        [SUBSCRIBER] subscribers
        [ADMIN] admins
       *[OWNER] the owner
    }.
button-stale = This button is out of date. Please open the menu again.
cancelled = Cancelled. Nothing was changed.
cancel-nothing = Nothing to cancel.
