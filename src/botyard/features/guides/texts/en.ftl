# /guides
guides-home =
    <b>Guides</b>

    { $count ->
        [one] One guide
       *[other] { $count } guides
    } to learn from. Choose a category, or search: <code>/guides words</code>
guides-none = There are no guides yet. Please look again later.
guides-none-admin = There are no guides yet. /guide add makes the first.
guides-category = <b>{ $name }</b> · { $count ->
        [one] one guide
       *[other] { $count } guides
    }
guides-found = { $count ->
        [0] Nothing fits <b>{ $words }</b>. Try fewer or other words: <code>/guides words</code>
        [one] One guide fits <b>{ $words }</b>
       *[other] { $count } guides fit <b>{ $words }</b>
    }
guides-saved = { $count ->
        [0] You have saved no guide. Save on a guide's card keeps it here.
        [one] <b>Saved</b> · one guide
       *[other] <b>Saved</b> · { $count } guides
    }
guides-line = • <b>{ $title }</b>
guides-line-about = • <b>{ $title }</b> – { $about }
guides-saved-button = ★ Saved ({ $count })
guides-categories-button = « All categories
guides-back = « Back
guides-saved-private = Saved guides are shown in our private chat: write /guides to me there.
guides-list-gone = This list no longer exists. Here are the categories.

# a guide's card
guide-title = <b>{ $title }</b>
guide-about = { $category } · { $difficulty ->
        [beginner] for beginners
        [intermediate] intermediate
       *[advanced] advanced
    } · { $code }
guide-tags = <i>{ $tags }</i>
guide-description = { $description }
guide-state = <i>{ $state }</i>
guide-viewed = { $count ->
        [0] new to you
        [one] opened once
       *[other] opened { $count } times
    }
guide-read-count = { $count ->
        [one] read once
       *[other] read { $count } times
    }
guide-is-saved = ★ saved
guide-is-done = ✓ done
guide-is-retired = Retired: only admins see it.
guide-open = Open
guide-read = Read
guide-save = ☆ Save
guide-unsave = ★ Unsave
guide-done = Done
guide-undone = ✓ Not done
guide-to-card = « Back to the guide
guide-saved-answer = Saved. You find it in /guides.
guide-saved-in-group = Saved. You find it in /guides in our private chat.
guide-unsaved-answer = No longer saved.
guide-done-answer = Well done!
guide-undone-answer = Not done yet.
guide-gone = This guide is not offered any more. Here are those that are:
guide-gone-plain = This guide is not offered any more.

# /guide, for admins
guide-help =
    <b>Guides, for admins</b>

    /guide add – a new guide
    /guide list – all guides with their numbers
    <code>/guide edit 3</code> – or at once <code>/guide edit 3 title New title</code>
    <code>/guide move 3 up</code> – or <code>down</code>, or a place such as <code>1</code>
    <code>/guide retire 3</code>, <code>/guide restore 3</code>
    /guide export – the library as a file, and back

    In our private chat the card of a guide in /guides has buttons for all of this.
guide-add-ask =
    <b>A new guide</b>

    Send it in lines like these. The first three are enough:

    <pre>title: First steps
    url: https://telegra.ph/First-steps-01-01
    category: Basics
    description: What to set up first
    tags: start, account
    difficulty: beginner
    language: en</pre>

    No link? End with <code>body:</code> and the text itself, with its formatting.
    Categories so far: { $known }
guide-add-again =
    Nearly there:

    { $problems }

    Send just the lines that are missing or wrong, such as <code>category: Basics</code>. I have the others.
guide-add-unclear =
    I cannot tell which part of the guide that is, so I left it out.

    Begin each line with its name, such as <code>title:</code> or <code>category:</code>. If it was a post, press Cancel first, then send it again.
guide-only-text =
    A guide is made of text only, so I left that out.

    Send me the text. If it was a post, press Cancel first, then send it again.
guide-only-text-here = A guide is made of text only. Please send the command without a photo, video or file. Nothing was changed.
guide-problem = • { $problem }
guide-edit-which = What do you want to change in <b>{ $title }</b>?
guide-edit-ask =
    Send the new <b>{ $field }</b>, or <code>-</code> to leave it empty. At present it is:

    { $value }
guide-edit-again =
    I cannot use that:

    { $problems }

    Please send it again.
guide-fields =
    A guide has no { $field }. I can change { $fields } and position.

    For example: <code>/guide edit { $number } title New title</code>. To hide the guide: <code>/guide retire { $number }</code>
guide-edit-private = Guides are edited in our private chat: write /guides to me there.
guide-unchanged = Nothing to change: it is like that already.
guide-unknown = There is no guide { $number }. /guide list shows them all.
guide-list-line = { $number }. { $title } ({ $code })
guide-list-retired = { $number }. <s>{ $title }</s> ({ $code }), retired
guide-files =
    You can download the whole library as a file, and upload it again, in the console:

    { $console }

    (/console signs you in.) Or on the computer that runs botyard:

    <code>botyard guides-export guides.csv</code>
    <code>botyard guides-import guides.csv</code>

    A name that ends in .json works too.
guide-edit-button = Edit
guide-retire-button = Retire
guide-restore-button = Restore
guide-cancel = Cancel

# posted on a schedule
guides-post = <b>Guides for you</b>
guides-post-category = <b>Guides: { $category }</b>
