"""Who lacks a feature is told which plans have it."""

from __future__ import annotations

from botyard.features.billing import shop_cards, words
from botyard.features.billing.service.packs import packs_of
from botyard.members.entitlements import grants
from botyard.routing.context import Context
from botyard.routing.keyboard import Link, Press

MOST_CARDS = 6


async def deny(ctx: Context, feature: str) -> None:
    """Says which plans have the feature, with buttons to them; in a group they lead to the private chat.

    An empty feature is what every plan has. Few plans have a button each; of many there is one for each pack.
    """
    offers = [offer for offer in await shop_cards.sold(ctx) if not feature or grants(offer.features, feature)]
    if not offers:
        ctx.reply(_said(ctx, "plans-deny-none", feature))
        return
    if len(offers) <= MOST_CARDS:
        named = [(offer.title, offer.code) for offer in offers]
    else:
        named = [(pack.title, pack.code) for pack in packs_of(offers)][:MOST_CARDS]
    rows = [[_button(ctx, title, code)] for title, code in named]
    if len(offers) > MOST_CARDS:
        rows.append([_button(ctx, ctx.text("plans-button-all"), "")])
    ctx.reply(
        _said(ctx, "plans-deny", feature),
        buttons=rows if ctx.chat.is_private or ctx.bot.username else (),
    )


def _said(ctx: Context, key: str, feature: str) -> str:
    return ctx.text(key, feature=words.perk(feature), any="no" if feature else "yes")


def _button(ctx: Context, title: str, word: str) -> Press | Link:
    if not ctx.chat.is_private:
        return Link(title, shop_cards.deep_link_to(ctx, word))
    return Press(title, f"plans:open:{word}" if word else "plans:open")
