// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IDonationRegistry} from "../../interfaces/IDonationRegistry.sol";
import {IGiftAudit} from "../../interfaces/IGiftAudit.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";

/// @title GiftAudit
/// @notice What auditors say of lots received as gifts, and whether the corrections of a gift are all there.
contract GiftAudit is IGiftAudit, EIP712, Nonces {
    /// @inheritdoc IGiftAudit
    bytes32 public constant LOT_ATTESTATION_TYPEHASH = keccak256(
        "LotAttestation(address auditor,uint64 gift,uint64 lot,bytes32 head,uint8 verdict,bytes32 evidence,uint256 nonce,uint40 deadline)"
    );

    /// @notice Where participants and regions are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice Where gifts are.
    IDonationRegistry public immutable donationRegistry;

    mapping(uint64 giftId => Word) private _words;

    constructor(address participantRegistry, address donationRegistry_)
        EIP712("Aidline GiftAudit", "1")
    {
        registry = IParticipantRegistry(References.required(participantRegistry));
        donationRegistry = IDonationRegistry(References.required(donationRegistry_));
    }

    // --- reads ---

    /// @inheritdoc IGiftAudit
    function attestationOf(uint64 giftId) external view returns (Word memory) {
        return _words[giftId];
    }

    /// @inheritdoc IGiftAudit
    function firstHeadOf(uint64 giftId, address donor, IDonationRegistry.Pledge calldata terms)
        external
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(giftId, donor, terms));
    }

    /// @inheritdoc IGiftAudit
    function isWholeChain(uint64 giftId, bytes32 first, Correction[] calldata corrections)
        external
        view
        returns (bool)
    {
        IDonationRegistry.Gift memory gift = donationRegistry.gift(giftId);
        if (corrections.length != gift.version) return false;
        bytes32 head = first;
        for (uint256 i = 0; i < corrections.length; ++i) {
            Correction calldata one = corrections[i];
            head = keccak256(
                abi.encode(head, uint32(i + 1), one.author, one.field, one.value, one.reason)
            );
        }
        return head == gift.head;
    }

    // --- auditors ---

    /// @inheritdoc IGiftAudit
    function attestLot(LotAttestation calldata word, bytes calldata signature) external {
        if (block.timestamp > word.deadline) revert SignatureExpired(word.deadline);
        if (word.verdict == Verdict.NULL) revert BadVerdict();
        IDonationRegistry.Gift memory gift = donationRegistry.gift(word.gift);
        if (word.lot == 0 || gift.lot != word.lot) revert OtherLot(word.gift, word.lot);
        if (gift.head != word.head) revert OtherHead(word.gift, gift.head);
        _requireIndependent(word, gift);
        _useCheckedNonce(word.auditor, word.nonce);
        SignatureCheck.requireValid(
            word.auditor,
            _hashTypedDataV4(keccak256(abi.encode(LOT_ATTESTATION_TYPEHASH, word))),
            signature
        );

        _words[word.gift] = Word({
            auditor: word.auditor,
            at: uint40(block.timestamp),
            verdict: word.verdict,
            version: gift.version
        });
        emit LotAttested(
            word.gift, word.lot, word.auditor, word.verdict, gift.version, word.evidence
        );
    }

    // --- checks ---

    function _requireIndependent(LotAttestation calldata word, IDonationRegistry.Gift memory gift)
        private
        view
    {
        IParticipantRegistry.Participant memory auditor = registry.participant(word.auditor);
        IParticipantRegistry.Participant memory counted = registry.participant(gift.intermediary);
        if (
            !registry.isActive(word.auditor, IParticipantRegistry.Role.AUDITOR)
                || !registry.isWithin(counted.region, auditor.region)
                || auditor.organisation == counted.organisation
                || auditor.organisation == registry.participant(gift.donor).organisation
        ) revert NotIndependent(word.gift, word.auditor);
    }
}
