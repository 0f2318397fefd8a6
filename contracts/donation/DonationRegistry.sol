// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

import {ICertificateText} from "../../interfaces/ICertificateText.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IDonationRegistry} from "../../interfaces/IDonationRegistry.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {IReliefFund} from "../../interfaces/IReliefFund.sol";
import {LapsingPause} from "../access/LapsingPause.sol";
import {Earmarks} from "../libraries/Earmarks.sol";
import {References} from "../libraries/References.sol";

/// @title DonationRegistry
/// @notice Gifts in kind and in money, corrections, and a certificate for each.
contract DonationRegistry is IDonationRegistry, ERC721, LapsingPause {
    using Earmarks for IMaterialLedger.Earmark;

    /// @inheritdoc IDonationRegistry
    uint256 public constant MAX_ORIGIN = 64;

    bytes32 private constant _ORIGIN = "origin";
    bytes32 private constant _UNIT_VALUE = "unit_value";
    bytes32 private constant _VALUE_CURRENCY = "value_currency";

    /// @notice Where participants and regions are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice Where a gift in kind becomes a lot.
    IMaterialLedger public immutable ledger;

    /// @notice Where what was received is offered.
    IDemandEscrow public immutable demandEscrow;

    /// @notice Where money goes.
    IReliefFund public immutable reliefFund;

    /// @notice What composes the certificates' text.
    ICertificateText public immutable certificateText;

    /// @inheritdoc IDonationRegistry
    uint64 public giftCount;

    mapping(uint64 id => Gift) private _gifts;

    constructor(
        address accessManager,
        address participantRegistry,
        address materialLedger,
        address demandEscrow_,
        address reliefFund_,
        address certificateText_
    ) ERC721("Aidline Certificate", "AID") AccessManaged(References.required(accessManager)) {
        registry = IParticipantRegistry(References.required(participantRegistry));
        ledger = IMaterialLedger(References.required(materialLedger));
        demandEscrow = IDemandEscrow(References.required(demandEscrow_));
        reliefFund = IReliefFund(References.required(reliefFund_));
        certificateText = ICertificateText(References.required(certificateText_));
    }

    // --- reads ---

    /// @inheritdoc IDonationRegistry
    function gift(uint64 id) external view returns (Gift memory) {
        return _known(id);
    }

    /// @inheritdoc IDonationRegistry
    function fateOf(uint64 giftId) external view returns (IMaterialLedger.Fate memory fate) {
        uint64 lot = _known(giftId).lot;
        if (lot != 0) fate = ledger.fateOf(lot);
    }

    /// @inheritdoc IDonationRegistry
    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return true;
    }

    /// @notice The certificate, see `ICertificateText.uriOf`. @dev Reverts with `ERC721NonexistentToken`.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        return certificateText.uriOf(uint64(tokenId), _gifts[uint64(tokenId)]);
    }

    /// @notice ERC-165: also ERC-5192.
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == IDonationRegistry.locked.selector || super.supportsInterface(interfaceId);
    }

    // --- donors ---

    /// @inheritdoc IDonationRegistry
    function pledge(Pledge calldata terms) external whenOpen returns (uint64 giftId) {
        _requireEither(
            msg.sender, IParticipantRegistry.Role.SUPPLIER, IParticipantRegistry.Role.DONOR
        );
        _checkTerms(terms);
        _checkIntermediary(msg.sender, terms.intermediary);

        giftId = ++giftCount;
        Gift storage record = _newGift(giftId, GiftKind.IN_KIND, GiftStatus.PLEDGED, terms.earmark);
        record.intermediary = terms.intermediary;
        record.deadline = terms.deadline;
        record.material = terms.material;
        record.pledged = terms.units;
        record.unitValue = terms.unitValue;
        record.valueCurrency = terms.valueCurrency;
        record.head = keccak256(abi.encode(giftId, msg.sender, terms));
        emit GiftPledged(
            giftId,
            msg.sender,
            terms.material,
            terms.units,
            terms.intermediary,
            terms.earmark,
            terms.unitValue,
            terms.valueCurrency,
            terms.origin
        );
    }

    /// @inheritdoc IDonationRegistry
    function withdrawPledge(uint64 giftId) external {
        Gift storage record = _inStatus(giftId, GiftStatus.PLEDGED);
        if (msg.sender != record.donor && block.timestamp <= record.deadline) {
            revert NotYet(record.deadline + 1);
        }
        record.status = GiftStatus.WITHDRAWN;
        emit GiftWithdrawn(giftId);
    }

    /// @inheritdoc IDonationRegistry
    function giveMoney(
        uint128 amount,
        IMaterialLedger.Earmark calldata earmark,
        IFreightEscrow.Permit calldata permit
    ) external whenOpen returns (uint64 giftId) {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.DONOR);

        giftId = ++giftCount;
        Gift storage record = _newGift(giftId, GiftKind.MONEY, GiftStatus.RECEIVED, earmark);
        record.receivedAt = uint40(block.timestamp);
        record.amount = amount;
        record.head = keccak256(abi.encode(giftId, msg.sender, amount, earmark));
        _mintLocked(msg.sender, giftId);

        uint64 moneyGift = reliefFund.receiveFrom(msg.sender, amount, earmark, permit);
        record.moneyGift = moneyGift;
        emit MoneyGiven(giftId, msg.sender, moneyGift, amount, earmark);
    }

    // --- intermediaries ---

    /// @inheritdoc IDonationRegistry
    function receiveGift(Receipt calldata receipt)
        external
        returns (uint64 lot, uint64 parcel, uint64 offer)
    {
        uint64 giftId = receipt.gift;
        Gift storage record = _inStatus(giftId, GiftStatus.PLEDGED);
        if (record.intermediary != msg.sender) revert NotIntermediary(giftId, msg.sender);
        _requireIntermediary(msg.sender);
        _checkCount(receipt, record.pledged);

        record.status = GiftStatus.RECEIVED;
        record.receivedAt = uint40(block.timestamp);
        record.accepted = receipt.accepted;
        record.refused = receipt.refused;
        record.missing = receipt.missing;
        if (receipt.accepted != 0) {
            (lot, parcel, offer) = _commission(record, receipt);
            record.lot = lot;
            record.parcel = parcel;
            _mintLocked(record.donor, giftId);
        }
        emit GiftReceived(
            giftId,
            lot,
            msg.sender,
            parcel,
            receipt.accepted,
            receipt.refused,
            receipt.missing,
            receipt.reason,
            offer
        );
    }

    // --- donors and auditors ---

    /// @inheritdoc IDonationRegistry
    function correct(uint64 giftId, bytes32 field, bytes32 value, bytes32 reason) external {
        Gift storage record = _known(giftId);
        if (record.status == GiftStatus.WITHDRAWN) revert GiftWrongStatus(giftId, record.status);
        if (record.kind != GiftKind.IN_KIND) revert NotADeclaration(field);
        _requireAuthor(giftId, record.donor);
        if (reason == 0) revert NoReason(giftId);

        _setDeclaration(record, field, value);
        uint32 version = ++record.version;
        bytes32 predecessor = record.head;
        bytes32 head = keccak256(abi.encode(predecessor, version, msg.sender, field, value, reason));
        record.head = head;
        emit DeclarationCorrected(
            giftId, version, msg.sender, field, value, reason, predecessor, head
        );
    }

    // --- checks ---

    function _known(uint64 id) private view returns (Gift storage record) {
        record = _gifts[id];
        if (record.kind == GiftKind.NULL) revert UnknownGift(id);
    }

    function _inStatus(uint64 id, GiftStatus status) private view returns (Gift storage record) {
        record = _known(id);
        if (record.status != status) revert GiftWrongStatus(id, record.status);
    }

    function _checkTerms(Pledge calldata terms) private view {
        if (terms.units == 0) revert ZeroUnits();
        if (terms.deadline <= block.timestamp) revert BadDeadline(terms.deadline);
        if (bytes(terms.origin).length > MAX_ORIGIN) {
            revert OriginTooLong(bytes(terms.origin).length);
        }
        if (terms.unitValue != 0 || terms.valueCurrency != 0) {
            _checkCurrencyCode(terms.valueCurrency);
        }
        terms.earmark.requireBorne(registry);
        ledger.material(terms.material);
    }

    function _checkCount(Receipt calldata receipt, uint64 pledged) private pure {
        uint256 counted = uint256(receipt.accepted) + receipt.refused + receipt.missing;
        if (counted != pledged) revert CountDoesNotAddUp(receipt.gift, pledged, counted);
        if (receipt.refused != 0 && receipt.reason == 0) revert NoReason(receipt.gift);
    }

    function _checkIntermediary(address donor, address intermediary) private view {
        _requireIntermediary(intermediary);
        if (
            registry.participant(donor).organisation
                == registry.participant(intermediary).organisation
        ) {
            revert OwnIntermediary(donor, intermediary);
        }
    }

    function _requireIntermediary(address account) private view {
        _requireEither(
            account, IParticipantRegistry.Role.STATION_OPERATOR, IParticipantRegistry.Role.CHARITY
        );
    }

    /// @dev The refusal names the second role.
    function _requireEither(
        address account,
        IParticipantRegistry.Role one,
        IParticipantRegistry.Role other
    ) private view {
        if (!registry.isActive(account, one)) {
            registry.requireActive(account, other);
        }
    }

    function _requireAuthor(uint64 giftId, address donor) private view {
        if (msg.sender == donor) return;
        bool audits = registry.isActive(msg.sender, IParticipantRegistry.Role.AUDITOR)
            && registry.isWithin(
                registry.participant(donor).region, registry.participant(msg.sender).region
            );
        if (!audits) revert NotAuthor(giftId, msg.sender);
    }

    /// @dev Three capital letters, as ISO 4217 has them.
    function _checkCurrencyCode(bytes3 code) private pure {
        for (uint256 i = 0; i < 3; ++i) {
            if (code[i] < "A" || code[i] > "Z") revert BadCurrencyCode(code);
        }
    }

    // --- writes ---

    function _newGift(
        uint64 giftId,
        GiftKind kind,
        GiftStatus status,
        IMaterialLedger.Earmark calldata earmark
    ) private returns (Gift storage record) {
        record = _gifts[giftId];
        record.donor = msg.sender;
        record.at = uint40(block.timestamp);
        record.kind = kind;
        record.status = status;
        record.earmarkKind = earmark.kind;
        record.earmarkScope = earmark.scope;
    }

    /// @dev The lot in the intermediary's hands, and its offer when one is wished.
    function _commission(Gift storage record, Receipt calldata receipt)
        private
        returns (uint64 lot, uint64 parcel, uint64 offer)
    {
        (lot, parcel) = ledger.commissionGift(
            IMaterialLedger.Commission({
                material: record.material,
                quantity: receipt.accepted,
                expiry: receipt.expiry,
                station: receipt.station,
                evidence: receipt.evidence
            }),
            record.donor,
            msg.sender,
            IMaterialLedger.Earmark({kind: record.earmarkKind, scope: record.earmarkScope})
        );
        if (receipt.offerUntil != 0) {
            offer = demandEscrow.offerFor(msg.sender, parcel, receipt.offerUntil);
        }
    }

    /// @dev No callback to the donor: a wallet that does not know ERC-721 can give too.
    function _mintLocked(address donor, uint64 giftId) private {
        _mint(donor, giftId);
        emit Locked(giftId);
    }

    /// @dev What was declared before stands in the events, and in the head.
    function _setDeclaration(Gift storage record, bytes32 field, bytes32 value) private {
        if (field == _UNIT_VALUE) {
            if (uint256(value) > type(uint64).max) revert BadValue(field, value);
            uint64 unitValue = uint64(uint256(value));
            if (unitValue == record.unitValue) revert SameValue(field);
            if (unitValue != 0) _checkCurrencyCode(record.valueCurrency);
            record.unitValue = unitValue;
        } else if (field == _VALUE_CURRENCY) {
            bytes3 code = bytes3(value);
            if (bytes32(code) != value) revert BadValue(field, value);
            _checkCurrencyCode(code);
            if (code == record.valueCurrency) revert SameValue(field);
            record.valueCurrency = code;
        } else if (field != _ORIGIN) {
            revert NotADeclaration(field);
        }
    }

    /// @dev A certificate stays where it was minted.
    function _update(address to, uint256 tokenId, address auth)
        internal
        override
        returns (address from)
    {
        from = super._update(to, tokenId, auth);
        if (from != address(0)) revert NotTransferable(tokenId);
    }
}
