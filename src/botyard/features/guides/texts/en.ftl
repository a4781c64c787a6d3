# /guides
guides-home =
    <b>Guides</b>

    { $count ->
        [one] One guide
       *[other] { $count } guides
    } to learn from. Choose a category, or search: <code>/guides words</code>
guides-none = There are no guides yet. Look in again later.
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
guides-list-gone = This list is not there any more. Here are the categories.

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
    <code>/guide edit 3</code> – or <code>/guide edit 3 title New title</code>
    <code>/guide move 3 up</code> – or <code>down</code>, or a place such as <code>1</code>
    <code>/guide retire 3</code>, <code>/guide restore 3</code>
    /guide export – the library as a file, and back

    The card of a guide in /guides has buttons for all of this.
guide-add-ask =
    <b>A new guide</b>

    Send it in lines like these. The first three will do:

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
guide-problem = • { $problem }
guide-edit-which = What of <b>{ $title }</b>?
guide-edit-ask =
    Send the new <b>{ $field }</b>, or <code>-</code> for none. Now it is:

    { $value }
guide-edit-again =
    That does not do:

    { $problems }

    Send it once more.
guide-unchanged = Nothing to change: it is so already.
guide-unknown = There is no guide { $number }. /guide list shows them all.
guide-list-line = { $number }. { $title } ({ $code })
guide-list-retired = { $number }. <s>{ $title }</s> ({ $code }), retired
guide-files =
    The whole library as a file, and back, where botyard runs:

    <code>botyard guides-export guides.csv</code>
    <code>botyard guides-import guides.csv</code>

    A name that ends in .json does as well. The console takes and gives such files too, under Guides.
guide-edit-button = Edit
guide-retire-button = Retire
guide-restore-button = Restore
guide-cancel = Cancel

# posted on a schedule
guides-post = <b>Guides for you</b>
guides-post-category = <b>Guides: { $category }</b>
