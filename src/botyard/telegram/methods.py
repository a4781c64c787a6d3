"""What must be known of the Bot API's methods to deliver calls (Bot API 10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


MESSAGE_METHODS = _names("""
    sendMessage sendRichMessage sendPhoto sendLivePhoto sendAudio sendDocument sendVideo sendAnimation
    sendVoice sendVideoNote sendPaidMedia sendMediaGroup sendLocation sendVenue sendContact sendPoll
    sendChecklist sendDice sendSticker sendInvoice sendGame sendGift copyMessage copyMessages
    forwardMessage forwardMessages
""")
"""They put a message into a chat, and so count against Telegram's limits on sending."""

_PAYABLE = _names("""
    sendMessage sendRichMessage sendPhoto sendLivePhoto sendAudio sendDocument sendVideo sendAnimation
    sendVoice sendVideoNote sendPaidMedia sendMediaGroup sendLocation sendVenue sendContact sendPoll
    sendDice sendSticker sendInvoice sendGame copyMessage
""")
"""They have the parameter `allow_paid_broadcast`."""

EDIT_METHODS = _names("""
    editMessageText editMessageCaption editMessageMedia editMessageChecklist editMessageLiveLocation
    editMessageReplyMarkup stopMessageLiveLocation stopPoll editEphemeralMessageText
    editEphemeralMessageCaption editEphemeralMessageMedia editEphemeralMessageReplyMarkup
""")
"""They change a message that is there already."""

_READING = _names("""
    getAvailableGifts getBusinessAccountGifts getBusinessAccountStarBalance getBusinessConnection getChat
    getChatAdministrators getChatGifts getChatMember getChatMemberCount getChatMenuButton
    getCustomEmojiStickers getFile getForumTopicIconStickers getGameHighScores getManagedBotAccessSettings
    getManagedBotToken getMe getMyCommands getMyDefaultAdministratorRights getMyDescription getMyName
    getMyShortDescription getMyStarBalance getStarTransactions getStickerSet getUpdates getUserChatBoosts
    getUserGifts getUserPersonalChatMessages getUserProfileAudios getUserProfilePhotos getWebhookInfo
""")

_ANSWERING = _names("""
    answerCallbackQuery answerChatJoinRequestQuery answerGuestQuery answerInlineQuery
    answerPreCheckoutQuery answerShippingQuery answerWebAppQuery approveChatJoinRequest
    declineChatJoinRequest approveSuggestedPost declineSuggestedPost sendChatJoinRequestWebApp
""")
"""A question is answered once: Telegram refuses the second answer."""

_SETTING = _names("""
    banChatMember banChatSenderChat closeForumTopic closeGeneralForumTopic deleteMyCommands deleteWebhook
    editChatInviteLink editChatSubscriptionInviteLink editForumTopic editGeneralForumTopic editStory
    editUserStarSubscription hideGeneralForumTopic leaveChat pinChatMessage promoteChatMember
    readBusinessMessage removeBusinessAccountProfilePhoto removeChatVerification removeMyProfilePhoto
    removeUserVerification reopenForumTopic reopenGeneralForumTopic restrictChatMember
    revokeChatInviteLink setBusinessAccountBio setBusinessAccountGiftSettings setBusinessAccountName
    setBusinessAccountProfilePhoto setBusinessAccountUsername setChatAdministratorCustomTitle
    setChatDescription setChatMemberTag setChatMenuButton setChatPermissions setChatPhoto
    setChatStickerSet setChatTitle setCustomEmojiStickerSetThumbnail setGameScore
    setManagedBotAccessSettings setMessageReaction setMyCommands setMyDefaultAdministratorRights
    setMyDescription setMyName setMyProfilePhoto setMyShortDescription setPassportDataErrors
    setStickerEmojiList setStickerKeywords setStickerMaskPosition setStickerPositionInSet
    setStickerSetThumbnail setStickerSetTitle setUserEmojiStatus setWebhook unbanChatMember
    unbanChatSenderChat unhideGeneralForumTopic unpinAllChatMessages unpinAllForumTopicMessages
    unpinAllGeneralForumTopicMessages verifyChat verifyUser
""")
"""The second time finds what the first time left."""

_DELETING = _names("""
    deleteAllMessageReactions deleteBusinessMessages deleteChatPhoto deleteChatStickerSet
    deleteEphemeralMessage deleteForumTopic deleteMessage deleteMessageReaction deleteMessages
    deleteStickerFromSet deleteStickerSet deleteStory
""")

_PASSING = _names("""
    sendChatAction sendMessageDraft sendRichMessageDraft createInvoiceLink createChatInviteLink
    createChatSubscriptionInviteLink exportChatInviteLink savePreparedInlineMessage
    savePreparedKeyboardButton uploadStickerFile
""")
"""They leave nothing that anybody sees twice: a status that passes, or a link that nobody was given."""

REPEATABLE = _READING | _ANSWERING | _SETTING | _DELETING | _PASSING | EDIT_METHODS
"""Safe to repeat when nobody knows whether the first time was applied.

All others are not: another message, another gift, another refund, or (unpinChatMessage without an id) the
next pinned message.
"""


def counts_as_message(method: str) -> bool:
    """Whether a call counts against the limits on messages: for a bot, for a chat, for a group."""
    return method in MESSAGE_METHODS


_PARTS = {
    "sendMediaGroup": "media",
    "copyMessages": "message_ids",
    "forwardMessages": "message_ids",
}
"""The parameter of a method that names each of the messages that it makes."""


def messages_in(method: str, params: Mapping[str, Any]) -> int:
    """How many messages a call puts into the chat, and so counts against the limits: an album is several."""
    parts = params.get(_PARTS.get(method, ""))
    return max(1, len(parts)) if isinstance(parts, list | tuple) else 1


def takes_paid_broadcast(method: str) -> bool:
    """Whether a call may be paid for, and so leave faster than the usual limit allows."""
    return method in _PAYABLE


_LINKING = _names("""
    createInvoiceLink createChatInviteLink createChatSubscriptionInviteLink exportChatInviteLink
""")


def tells(method: str) -> bool:
    """Whether a call is made for what it tells: its result is kept for whoever queued it."""
    return method in _READING or method in _LINKING


def is_repeatable(method: str) -> bool:
    """Whether a call may be made again after an unknown outcome. A method that is not known here may not."""
    return method in REPEATABLE
