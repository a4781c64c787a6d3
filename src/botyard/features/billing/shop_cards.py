"""What members see of the catalog: the packs, a pack's lengths, and the card of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape

from botyard.features.billing import words
from botyard.features.billing.models import Subscription
from botyard.features.billing.service import catalog, subscriptions, trials
from botyard.features.billing.service.catalog import Offer
from botyard.features.billing.service.packs import Pack, currencies_of, packs_of
from botyard.features.billing.ways import ANY_WAY, all_payable, payable
from botyard.members.chats import places_of
from botyard.money import Money
from botyard.routing.context import Context
from botyard.routing.keyboard import Link, Press, Screen
from botyard.routing.texts import Html, TextArgument

ON_A_PAGE = 8
BUTTON = 60
"""So many characters of a title fit on a button."""


def plain(ctx: Context, key: str, **arguments: TextArgument) -> str:
    """A text for a button, which takes no HTML."""
    return unescape(ctx.text(key, **arguments))


def language_of(ctx: Context) -> str | None:
    """The member's language, as his client names it."""
    return ctx.member.profile.language_code


async def sold(ctx: Context) -> list[Offer]:
    """All that members are shown: what is sold now and can be paid here, with the prices that can."""
    return all_payable(await catalog.offers(ctx.session, ctx.now), ctx.house.settings)


async def known(ctx: Context, word: str) -> str:
    """The word, in small letters, if it names a plan or a pack that is sold; links may carry nothing else."""
    word = word.strip().lower()
    return word if any(word in (offer.code, offer.pack) for offer in await sold(ctx)) else ""


def currency_of(ctx: Context, offers: Sequence[Offer], chosen: str) -> str:
    """The currency to show: the chosen one if there are prices in it, else the member's usual one."""
    there = currencies_of(offers)
    return chosen if chosen in there else words.usual_currency(language_of(ctx), there) or ""


def shelf(ctx: Context, offers: Sequence[Offer], chosen: str = "", page: int = 0) -> Screen:
    """All packs, with their lengths and prices."""
    packs = packs_of(offers)
    if not packs:
        return Screen(ctx.text("plans-none"))
    currency = currency_of(ctx, offers, chosen)
    last = (len(packs) - 1) // ON_A_PAGE
    page = min(page, last)
    shown = packs[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    blocks = [
        ctx.text("plans-pack-line", title=pack.title, prices=Html(_prices_line(ctx, pack, currency)))
        for pack in shown
    ]
    presses = [Press(pack.title[:BUTTON], f"plans:pack:{pack.code}:{currency}") for pack in shown]
    rows = [presses[at : at + 2] for at in range(0, len(presses), 2)]
    turns = (("«", page - 1), ("»", page + 1))
    rows.append([Press(sign, f"plans:list:{currency}:{to}") for sign, to in turns if 0 <= to <= last])
    if len(currencies_of(offers)) > 1:
        rows.append([_money_button(ctx, currency)])
    html = "\n\n".join([ctx.text("plans-title"), *blocks, ctx.text("plans-choose")])
    return Screen(html, [row for row in rows if row])


def money(ctx: Context, offers: Sequence[Offer], chosen: str) -> Screen:
    """The currencies that there are prices in, to choose from."""
    currency = currency_of(ctx, offers, chosen)
    rows = [
        [
            Press(
                f"{'✓ ' if each == currency else ''}{words.currency_name(each, language_of(ctx))}",
                f"plans:list:{each}:0",
            )
        ]
        for each in currencies_of(offers)
    ]
    return Screen(ctx.text("plans-money"), rows)


async def pack_page(ctx: Context, offers: Sequence[Offer], code: str, chosen: str) -> Screen | None:
    """One pack: its lengths with their prices. None if nothing of it is sold."""
    pack = next((each for each in packs_of(offers) if each.code == code), None)
    if pack is None:
        return None
    currency = currency_of(ctx, offers, chosen)
    lines = [_length_line(ctx, offer, currency) for offer in pack.offers]
    html = "\n\n".join([ctx.text("plans-pack-title", title=pack.title), *_perks(ctx, pack.features)])
    rows: list[list[Press]] = [
        [Press(_button_of(ctx, offer, currency), f"plans:card:{offer.code}:{currency}")]
        for offer in pack.offers
    ]
    for offer in pack.offers:
        if offer.trial_days and await trials.may_try(ctx.session, ctx.member.id, offer):
            rows.append([_trial_button(ctx, offer, offer.trial_days)])
            break
    rows.append([all_button(ctx, currency)])
    return Screen("\n\n".join([html, "\n".join(lines)]), rows)


async def card(ctx: Context, offer: Offer, chosen: str) -> Screen:
    """One plan: what it is, what it costs here, and how to have it."""
    language = language_of(ctx)
    offer = payable(offer, ctx.house.settings)
    currency = currency_of(ctx, [offer], chosen)
    lines = [ctx.text("plan-card-title", title=offer.title)]
    if offer.description and offer.description != offer.title:
        lines.append(ctx.text("plan-card-about", about=offer.description))
    facts = [ctx.text("plan-card-length", length=words.length(offer, language)), *_perks(ctx, offer.features)]
    if opens := await _chats_line(ctx, offer):
        facts.append(opens)
    prices = sorted(offer.prices.values(), key=lambda each: each.currency != currency)
    said = " · ".join(words.price(each, language) for each in prices)
    facts.append(ctx.text("plan-card-price", prices=said) if prices else ctx.text("plan-card-no-price"))
    lines.append("\n".join([*facts, *_renewal_lines(ctx, offer)]))
    if running := await _running_line(ctx, offer):
        lines.append(running)
    rows = []
    if prices:
        lines.append(ctx.text("plan-card-code", plan=offer.code))
        rows.append([_buy_button(ctx, offer, prices[0])])
    if offer.trial_days and await trials.may_try(ctx.session, ctx.member.id, offer):
        rows.append([_trial_button(ctx, offer, offer.trial_days)])
    rows.append([Press(ctx.text("plans-button-back"), f"plans:pack:{offer.pack}:{currency}")])
    return Screen("\n\n".join(lines), rows)


def lead_to_private(ctx: Context, word: str, *, why: str = "plans-private") -> Screen:
    """For a group: the way to the private chat. `word` is a plan, a pack or nothing; `why` names a text."""
    if not ctx.bot.username:
        return Screen(ctx.text(why))
    return Screen(ctx.text(why), [[Link(ctx.text("plans-button-private"), deep_link_to(ctx, word))]])


def deep_link_to(ctx: Context, word: str = "") -> str:
    """The address that opens a plan, a pack or all of them in the private chat."""
    return f"https://t.me/{ctx.bot.username}?start=plan{f'-{word}' if word else ''}"


def all_button(ctx: Context, currency: str = "") -> Press:
    """The way back to all packs."""
    return Press(ctx.text("plans-button-all"), f"plans:list:{currency}:0")


def _prices_line(ctx: Context, pack: Pack, currency: str) -> str:
    return " · ".join(
        ctx.text(
            "plans-price",
            length=words.length(offer, language_of(ctx)),
            price=words.price(_price(ctx, offer, currency), language_of(ctx)),
        )
        for offer in pack.offers
    )


def _length_line(ctx: Context, offer: Offer, currency: str) -> str:
    language, price = language_of(ctx), _price(ctx, offer, currency)
    said = ctx.text(
        "plans-length-line", length=words.length(offer, language), price=words.price(price, language)
    )
    if offer.months and offer.months > 1:
        monthly = Money((price.amount + offer.months // 2) // offer.months, price.currency)
        said += ctx.text("plans-monthly", price=words.price(monthly, language))
    return said


def _button_of(ctx: Context, offer: Offer, currency: str) -> str:
    language = language_of(ctx)
    return f"{words.length(offer, language)} · {words.price(_price(ctx, offer, currency), language)}"


def _price(ctx: Context, offer: Offer, currency: str) -> Money:
    """The price in this currency; where the plan has none, in the one that suits the member best."""
    return offer.prices[currency_of(ctx, [offer], currency)]


def _perks(ctx: Context, features: Sequence[str]) -> list[str]:
    if not features:
        return []
    return [ctx.text("plan-card-perks", perks=", ".join(map(words.perk, features)))]


async def _chats_line(ctx: Context, offer: Offer) -> str:
    keys = (await catalog.chats_of(ctx.session, [offer.code])).get(offer.code, set())
    if not keys:
        return ""
    titles = sorted(place.title for place in (await places_of(ctx.session, keys)).values() if place.title)
    named = "yes" if len(titles) == len(keys) else "no"
    return ctx.text("plan-card-chats", named=named, count=len(keys), titles=", ".join(titles))


def _renewal_lines(ctx: Context, offer: Offer) -> list[str]:
    if offer.stars_subscription:
        return [ctx.text("plan-card-renews-stars")]
    return [ctx.text("plan-card-renews-card")] if offer.stripe_subscription else []


async def _running_line(ctx: Context, offer: Offer) -> str:
    """That the member has a subscription of this plan; nothing if he has none."""
    running = await subscriptions.running(ctx.session, ctx.member.id, offer.code, ctx.now)
    if running is None:
        return ""
    return ctx.text("plan-card-running", **running_words(ctx, running))


def running_words(ctx: Context, running: Subscription) -> dict[str, TextArgument]:
    """How a subscription goes on, for texts: its state, and the day of the next payment if that is known."""
    ends_at = running.period_ends_at
    return {
        "state": running.state.value,
        "day": words.day(ends_at, language_of(ctx)) if ends_at else "",
        "known": "yes" if ends_at else "no",
    }


def _buy_button(ctx: Context, offer: Offer, price: Money) -> Press:
    """Buys the plan in the currency that is shown."""
    text = plain(ctx, "plan-button-buy", price=words.price(price, language_of(ctx)))
    return Press(text, f"buy:{offer.code}:{ANY_WAY}:{price.currency}")


def _trial_button(ctx: Context, offer: Offer, days: int) -> Press:
    return Press(plain(ctx, "plan-try", days=words.days(days, language_of(ctx))), f"plan-trial:{offer.code}")


def _money_button(ctx: Context, currency: str) -> Press:
    name = words.currency_name(currency, language_of(ctx))
    return Press(plain(ctx, "plans-button-money", currency=name), f"plans:money:{currency}")
