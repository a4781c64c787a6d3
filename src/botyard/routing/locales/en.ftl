# What every bot says, whatever its features.

not-understood = I did not understand that. /help shows what I can do.
command-unknown = There is no command /{ $command } here. /help shows what I can do.
command-nearest = There is no command /{ $command } here. Did you mean /{ $nearest }?
feature-needed = /{ $command } is for members with a plan that has it.
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

# what became of messages to chats
arrived-in = arrived in { $arrived } of { $chats ->
    [one] 1 chat
   *[other] { $chats } chats
 }
arrived-problem = { $chat }: { $why }
arrived-more = and { $count } more
arrived-no-record = nobody knows what became of { $count } more
arrived-unknown = it may have arrived; it is not sent again
arrived-too-late = its time ran out before its turn came

# chats that messages will not arrive in
chats-unmet = ⚠️ No bot has seen { $chats } yet. If the id is right, add the bot there.
chats-out-of-reach = ⚠️ The bot is not in { $chats } any more: nothing arrives there until you add it again.

# why a call came to nothing
why-kicked = the bot was removed from the chat
why-blocked = the member has blocked the bot
why-no-member = the bot is not a member of the chat
why-no-chat = there is no such chat, or the bot is not in it
why-chat-deleted = the chat was deleted
why-no-rights = the bot may not do that in this chat
why-moved = the group moved, and nobody told where to
why-no-original = the original message is gone
why-protected = this message cannot be copied
why-too-old = Telegram does not let the bot delete it: bots can delete for 48 hours
why-copy-gone = the copy is gone
why-not-own = Telegram does not let the bot edit it
why-too-long = the text is too long
why-no-number = Telegram has not told which message it is
why-moved-since = the group became a supergroup since, which does not know the message
why-no-record = nobody knows what became of it
why-no-answer = it was sent, and Telegram’s answer never came
why-interrupted = botyard was stopped while it was being sent
why-other = Telegram says “{ $words }”
