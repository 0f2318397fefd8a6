// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {ICertificateText} from "../../interfaces/ICertificateText.sol";
import {IDonationRegistry} from "../../interfaces/IDonationRegistry.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {IReliefFund} from "../../interfaces/IReliefFund.sol";
import {References} from "../libraries/References.sol";

/// @title GiftBook
/// @notice The record of each gift, what is declared of it, and the certificate that follows from it.
/// @dev A certificate has no owner of its own: who gave what was received is its owner.
abstract contract GiftBook is IDonationRegistry, ERC721, EIP712, Nonces {
    /// @dev A gift as it is kept. What the count changes lies in one word, which the pledge has opened.
    /// @param subject The lot of a gift in kind, the fund's number of a gift in money.
    struct Record {
        address donor; // slot 0
        uint40 at;
        GiftKind kind;
        uint32 version;
        bool unnamed;
        address intermediary; // slot 1
        uint40 deadline;
        IMaterialLedger.EarmarkKind earmarkKind;
        bytes3 valueCurrency;
        Otherwise otherwise;
        uint64 material; // slot 2
        uint64 pledged;
        uint64 unitValue;
        uint64 demand;
        uint64 accepted; // slot 3
        uint64 refused;
        uint64 subject;
        uint40 receivedAt;
        GiftStatus status;
        bytes32 head; // slot 4
        bytes32 earmarkScope; // slot 5
    }

    bytes32 private constant _ORIGIN = "origin";
    bytes32 private constant _UNIT_VALUE = "unit_value";
    bytes32 private constant _VALUE_CURRENCY = "value_currency";

    /// @notice Where participants and regions are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice Where a gift in kind becomes a lot.
    IMaterialLedger public immutable ledger;

    /// @notice Where money goes.
    IReliefFund public immutable reliefFund;

    /// @notice What composes the certificates' text.
    ICertificateText public immutable certificateText;

    /// @inheritdoc IDonationRegistry
    uint64 public giftCount;

    /// @inheritdoc IDonationRegistry
    mapping(uint64 giftId => bytes32) public commitmentOf;

    mapping(uint64 id => Record) internal _gifts;

    mapping(uint64 giftId => address) internal _claimers;

    constructor(
        address participantRegistry,
        address materialLedger,
        address reliefFund_,
        address certificateText_
    ) {
        registry = IParticipantRegistry(References.required(participantRegistry));
        ledger = IMaterialLedger(References.required(materialLedger));
        reliefFund = IReliefFund(References.required(reliefFund_));
        certificateText = ICertificateText(References.required(certificateText_));
    }

    // --- reads ---

    /// @inheritdoc IDonationRegistry
    function gift(uint64 id) external view returns (Gift memory) {
        return _whole(id);
    }

    /// @inheritdoc IDonationRegistry
    function giverOf(uint64 giftId) external view returns (address) {
        return _giverOf(giftId, _known(giftId));
    }

    /// @inheritdoc IDonationRegistry
    function fateOf(uint64 giftId) external view returns (IMaterialLedger.Fate memory fate) {
        Record storage record = _known(giftId);
        if (record.accepted != 0) fate = ledger.fateOf(record.subject);
    }

    /// @inheritdoc IDonationRegistry
    function headOf(uint64 giftId) public view returns (bytes32) {
        Record storage record = _known(giftId);
        if (record.kind == GiftKind.IN_KIND) return record.head;
        IReliefFund.MoneyGift memory money = reliefFund.moneyGift(record.subject);
        return
            keccak256(
                abi.encode(giftId, record.donor, money.amount, reliefFund.earmarkOf(money.line))
            );
    }

    /// @inheritdoc IDonationRegistry
    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return true;
    }

    /// @notice The certificate, see `ICertificateText.uriOf`. @dev Reverts with `ERC721NonexistentToken`.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        return certificateText.uriOf(uint64(tokenId), _whole(uint64(tokenId)));
    }

    /// @notice Refused: a certificate stays where it came to be.
    function transferFrom(address, address, uint256 tokenId) public view override {
        _refuseToMove(tokenId);
    }

    /// @notice Refused: a certificate stays where it came to be.
    function safeTransferFrom(address, address, uint256 tokenId, bytes memory)
        public
        view
        override
    {
        _refuseToMove(tokenId);
    }

    /// @notice Refused: there is nothing that an approved account could do.
    function approve(address, uint256 tokenId) public view override {
        _refuseToMove(tokenId);
    }

    /// @notice ERC-165: also ERC-5192.
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == IDonationRegistry.locked.selector || super.supportsInterface(interfaceId);
    }

    // --- donors and auditors ---

    /// @inheritdoc IDonationRegistry
    function correct(uint64 giftId, bytes32 field, bytes32 value, bytes32 reason) external {
        Record storage record = _known(giftId);
        if (record.status == GiftStatus.WITHDRAWN) revert GiftWrongStatus(giftId, record.status);
        if (record.kind != GiftKind.IN_KIND) revert NotADeclaration(field);
        if (msg.sender != _giverOf(giftId, record) && !_audits(msg.sender, record.donor)) {
            revert NotAuthor(giftId, msg.sender);
        }
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

    // --- shared reads ---

    function _known(uint64 id) internal view returns (Record storage record) {
        record = _gifts[id];
        if (record.kind == GiftKind.NULL) revert UnknownGift(id);
    }

    function _giverOf(uint64 giftId, Record storage record) internal view returns (address giver) {
        if (record.unnamed) giver = _claimers[giftId];
        if (giver == address(0)) giver = record.donor;
    }

    /// @dev Three capital letters, as ISO 4217 has them.
    function _checkCurrencyCode(bytes3 code) internal pure {
        for (uint256 i = 0; i < 3; ++i) {
            if (code[i] < "A" || code[i] > "Z") revert BadCurrencyCode(code);
        }
    }

    /// @dev True when something of the gift was received, so that there is a certificate to have.
    function _isReceived(Record storage record) internal view returns (bool) {
        return record.accepted != 0 || record.kind == GiftKind.MONEY;
    }

    /// @dev Whose record the gift is: there is no other storage of certificates.
    function _ownerOf(uint256 tokenId) internal view override returns (address) {
        if (tokenId > type(uint64).max) return address(0);
        Record storage record = _gifts[uint64(tokenId)];
        if (!_isReceived(record)) return address(0);
        return record.unnamed ? _claimers[uint64(tokenId)] : record.donor;
    }

    function _refuseToMove(uint256 tokenId) private view {
        _requireOwned(tokenId);
        revert NotTransferable(tokenId);
    }

    function _whole(uint64 id) private view returns (Gift memory whole) {
        Record storage record = _known(id);
        whole.donor = record.donor;
        whole.at = record.at;
        whole.kind = record.kind;
        whole.status = record.status;
        whole.unnamed = record.unnamed;
        whole.claimer = _claimers[id];
        whole.version = record.version;
        whole.receivedAt = record.receivedAt;
        whole.head = headOf(id);
        if (record.kind == GiftKind.IN_KIND) _addGoods(whole, record);
        else _addMoney(whole, record);
    }

    function _addGoods(Gift memory whole, Record storage record) private view {
        whole.intermediary = record.intermediary;
        whole.deadline = record.deadline;
        whole.material = record.material;
        whole.pledged = record.pledged;
        whole.accepted = record.accepted;
        whole.refused = record.refused;
        if (record.status == GiftStatus.RECEIVED) {
            whole.missing = record.pledged - record.accepted - record.refused;
        }
        whole.demand = record.demand;
        whole.otherwise = record.otherwise;
        whole.lot = record.subject;
        whole.unitValue = record.unitValue;
        whole.valueCurrency = record.valueCurrency;
        whole.earmarkKind = record.earmarkKind;
        whole.earmarkScope = record.earmarkScope;
    }

    function _addMoney(Gift memory whole, Record storage record) private view {
        IReliefFund.MoneyGift memory money = reliefFund.moneyGift(record.subject);
        IMaterialLedger.Earmark memory earmark = reliefFund.earmarkOf(money.line);
        whole.moneyGift = record.subject;
        whole.amount = money.amount;
        whole.earmarkKind = earmark.kind;
        whole.earmarkScope = earmark.scope;
    }

    /// @dev An active auditor in whose region the participant is.
    function _audits(address account, address participant) private view returns (bool) {
        return registry.isActive(account, IParticipantRegistry.Role.AUDITOR)
            && registry.isWithin(
            registry.participant(participant).region, registry.participant(account).region
        );
    }

    // --- shared writes ---

    /// @dev The certificate comes to be. Nobody is called back: a wallet that does not know ERC-721 can give too.
    function _announce(address owner, uint64 giftId) internal {
        _increaseBalance(owner, 1);
        emit Transfer(address(0), owner, giftId);
        emit Locked(giftId);
    }

    /// @dev What was declared before stands in the events, and in the head.
    function _setDeclaration(Record storage record, bytes32 field, bytes32 value) private {
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
}
