// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {ICertificateText} from "../../interfaces/ICertificateText.sol";
import {IDonationRegistry} from "../../interfaces/IDonationRegistry.sol";
import {IGiftAudit} from "../../interfaces/IGiftAudit.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IReliefFund} from "../../interfaces/IReliefFund.sol";
import {JsonText} from "../libraries/JsonText.sol";
import {References} from "../libraries/References.sol";

/// @title CertificateText
/// @notice The text of a gift's certificate, composed from the chain alone.
contract CertificateText is ICertificateText {
    using Strings for uint256;

    /// @inheritdoc ICertificateText
    uint256 public constant MAX_NAMED = 20;

    /// @notice Where units are counted.
    IMaterialLedger public immutable ledger;

    /// @notice Where money is counted.
    IReliefFund public immutable reliefFund;

    /// @notice What auditors say.
    IGiftAudit public immutable giftAudit;

    constructor(address materialLedger, address reliefFund_, address giftAudit_) {
        ledger = IMaterialLedger(References.required(materialLedger));
        reliefFund = IReliefFund(References.required(reliefFund_));
        giftAudit = IGiftAudit(References.required(giftAudit_));
    }

    /// @inheritdoc ICertificateText
    function uriOf(uint64 giftId, IDonationRegistry.Gift calldata gift)
        external
        view
        returns (string memory)
    {
        bool inKind = gift.kind == IDonationRegistry.GiftKind.IN_KIND;
        string memory json = string.concat(
            '{"name":"Aidline gift ',
            uint256(giftId).toString(),
            '","description":"Where a gift went, as the chain counts it at this moment.","gift":',
            _gift(giftId, gift, inKind ? "in_kind" : "money"),
            inKind ? _inKind(giftId, gift) : _money(gift),
            "}"
        );
        return string.concat("data:application/json;base64,", Base64.encode(bytes(json)));
    }

    // --- parts ---

    function _gift(uint64 giftId, IDonationRegistry.Gift calldata gift, string memory kind)
        private
        pure
        returns (string memory)
    {
        return string.concat(
            string.concat(
                '{"id":',
                uint256(giftId).toString(),
                ',"kind":"',
                kind,
                '","donor":',
                _account(gift.unnamed ? gift.claimer : gift.donor),
                gift.unnamed ? ',"unnamed":true' : ',"unnamed":false'
            ),
            string.concat(
                ',"given_at":',
                uint256(gift.at).toString(),
                ',"received_at":',
                uint256(gift.receivedAt).toString()
            ),
            string.concat(
                ',"earmark":{"kind":"',
                _kindOf(gift.earmarkKind),
                '","scope":',
                JsonText.ofWord(gift.earmarkScope),
                "}"
            ),
            string.concat(
                ',"corrections":',
                uint256(gift.version).toString(),
                ',"head":"',
                Strings.toHexString(uint256(gift.head), 32),
                '"}'
            )
        );
    }

    function _inKind(uint64 giftId, IDonationRegistry.Gift calldata gift)
        private
        view
        returns (string memory)
    {
        IGiftAudit.Word memory word = giftAudit.attestationOf(giftId);
        string memory marks = string.concat(
            ',"recalled":',
            ledger.isRecalled(gift.lot) ? "true" : "false",
            ',"attestation":{"state":"',
            _attestation(gift, word),
            '","auditor":',
            _account(word.auditor),
            "}"
        );
        return string.concat(',"goods":', _goods(gift), marks, _units(ledger.fateOf(gift.lot)));
    }

    function _goods(IDonationRegistry.Gift calldata gift) private pure returns (string memory) {
        return string.concat(
            string.concat(
                '{"material":"',
                uint256(gift.material).toString(),
                '","intermediary":',
                _account(gift.intermediary),
                ',"lot":',
                uint256(gift.lot).toString()
            ),
            _number(',"pledged":', gift.pledged),
            _number(',"accepted":', gift.accepted),
            _number(',"refused":', gift.refused),
            _number(',"missing":', gift.missing),
            string.concat(
                ',"unit_value":"',
                uint256(gift.unitValue).toString(),
                '","value_currency":',
                JsonText.ofWord(bytes32(gift.valueCurrency)),
                "}"
            )
        );
    }

    /// @dev Once as a record, once as the attributes that wallets show.
    function _units(IMaterialLedger.Fate memory fate) private pure returns (string memory) {
        (string[11] memory names, uint64[11] memory counts) = _states(fate);
        string memory record = "";
        string memory attributes = "";
        for (uint256 i = 0; i < 11; ++i) {
            string memory comma = i == 0 ? "" : ",";
            record =
                string.concat(record, comma, '"', names[i], '":', uint256(counts[i]).toString());
            attributes = string.concat(
                attributes, comma, _attribute(names[i], uint256(counts[i]).toString())
            );
        }
        return string.concat(',"units":{', record, '},"attributes":[', attributes, "]");
    }

    function _money(IDonationRegistry.Gift calldata gift) private view returns (string memory) {
        (uint128 spent, uint64[] memory consignments, uint128[] memory amounts) =
            reliefFund.spentOf(gift.moneyGift, 0, MAX_NAMED + 1);
        uint128 returned = reliefFund.moneyGift(gift.moneyGift).returned;
        string memory money = string.concat(
            '{"amount":"',
            uint256(gift.amount).toString(),
            '","spent":"',
            uint256(spent).toString(),
            '","left":"',
            uint256(gift.amount - spent - returned).toString(),
            '","returned":"',
            uint256(returned).toString(),
            '","consignments":[',
            _uses(consignments, amounts),
            '],"complete":',
            consignments.length > MAX_NAMED ? "false" : "true",
            "}"
        );
        return string.concat(
            ',"money":',
            money,
            ',"attributes":[',
            _attribute("amount", _quoted(gift.amount)),
            ",",
            _attribute("spent", _quoted(spent)),
            ",",
            _attribute("left", _quoted(gift.amount - spent - returned)),
            "]"
        );
    }

    function _uses(uint64[] memory consignments, uint128[] memory amounts)
        private
        pure
        returns (string memory list)
    {
        uint256 count = consignments.length > MAX_NAMED ? MAX_NAMED : consignments.length;
        for (uint256 i = 0; i < count; ++i) {
            list = string.concat(
                list,
                i == 0 ? '{"id":' : ',{"id":',
                uint256(consignments[i]).toString(),
                ',"amount":"',
                uint256(amounts[i]).toString(),
                '"}'
            );
        }
    }

    // --- words ---

    function _states(IMaterialLedger.Fate memory fate)
        private
        pure
        returns (string[11] memory names, uint64[11] memory counts)
    {
        names = [
            "held",
            "offered",
            "allocated",
            "in_transit",
            "delivered",
            "distributed",
            "quarantined",
            "returned",
            "destroyed",
            "lost",
            "transformed"
        ];
        counts = [
            fate.held,
            fate.offered,
            fate.allocated,
            fate.inTransit,
            fate.delivered,
            fate.distributed,
            fate.quarantined,
            fate.returned,
            fate.destroyed,
            fate.lost,
            fate.transformed
        ];
    }

    function _attestation(IDonationRegistry.Gift calldata gift, IGiftAudit.Word memory word)
        private
        pure
        returns (string memory)
    {
        if (word.verdict == IGiftAudit.Verdict.NULL) return "none";
        if (word.version != gift.version) return "outdated";
        return word.verdict == IGiftAudit.Verdict.ATTESTED ? "attested" : "refused";
    }

    function _kindOf(IMaterialLedger.EarmarkKind kind) private pure returns (string memory) {
        if (kind == IMaterialLedger.EarmarkKind.REGION) return "region";
        if (kind == IMaterialLedger.EarmarkKind.FACILITY) return "facility";
        if (kind == IMaterialLedger.EarmarkKind.EMERGENCY) return "emergency";
        return "none";
    }

    function _attribute(string memory name, string memory value)
        private
        pure
        returns (string memory)
    {
        return string.concat('{"trait_type":"', name, '","value":', value, "}");
    }

    function _account(address account) private pure returns (string memory) {
        return string.concat('"', Strings.toChecksumHexString(account), '"');
    }

    function _number(string memory key, uint64 value) private pure returns (string memory) {
        return string.concat(key, uint256(value).toString());
    }

    function _quoted(uint128 amount) private pure returns (string memory) {
        return string.concat('"', uint256(amount).toString(), '"');
    }
}
