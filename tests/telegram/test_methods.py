"""What is known of the Bot API's methods."""

from __future__ import annotations

import pytest

from botyard.telegram.methods import (
    EDIT_METHODS,
    MESSAGE_METHODS,
    REPEATABLE,
    counts_as_message,
    is_repeatable,
)


@pytest.mark.parametrize(
    "method", ["sendMessage", "sendMediaGroup", "copyMessages", "forwardMessage", "sendInvoice"]
)
def test_what_puts_a_message_into_a_chat_counts_and_is_not_repeated(method: str) -> None:
    assert counts_as_message(method)
    assert not is_repeatable(method)


@pytest.mark.parametrize(
    "method",
    [
        "getMe",
        "getUpdates",
        "setMyCommands",
        "setWebhook",
        "answerCallbackQuery",
        "answerPreCheckoutQuery",
        "deleteMessage",
        "editMessageText",
        "banChatMember",
        "unbanChatMember",
        "approveChatJoinRequest",
        "createInvoiceLink",
        "revokeChatInviteLink",
        "sendChatAction",
    ],
)
def test_what_may_be_repeated_is_no_message(method: str) -> None:
    assert is_repeatable(method)
    assert not counts_as_message(method)


@pytest.mark.parametrize(
    "method",
    [
        "refundStarPayment",
        "giftPremiumSubscription",
        "transferGift",
        "createForumTopic",
        "addStickerToSet",
        "postStory",
        "unpinChatMessage",
        "logOut",
        "noSuchMethod",
    ],
)
def test_what_is_neither(method: str) -> None:
    assert not is_repeatable(method)
    assert not counts_as_message(method)


def test_no_message_is_repeatable_and_every_edit_is() -> None:
    assert not MESSAGE_METHODS & REPEATABLE
    assert EDIT_METHODS <= REPEATABLE
