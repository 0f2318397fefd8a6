// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {NeedAccount} from "../libraries/NeedAccount.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";
import {PlanBook} from "./PlanBook.sol";

/// @title AuditBook
/// @notice The part of DemandOffice in which auditors attest, refuse and contest demands.
abstract contract AuditBook is PlanBook {
    // --- auditors ---

    /// @notice See `IDemandBook.attest`.
    function attest(uint64 demandId, bytes32 content, uint40 validUntil) external {
        _attest(demandId, msg.sender, content, validUntil);
    }

    /// @notice See `IDemandBook.attestBySignature`.
    function attestBySignature(
        IDemandBook.Attestation calldata attestation,
        bytes calldata signature
    ) external {
        _requireSigned(
            attestation.auditor,
            attestation.deadline,
            keccak256(abi.encode(_ATTESTATION, attestation)),
            signature
        );
        _attest(
            attestation.demand, attestation.auditor, attestation.content, attestation.validUntil
        );
    }

    /// @notice See `IDemandBook.refuse`.
    function refuse(uint64 demandId, bytes32 content, bytes32 reason) external {
        _refuse(demandId, msg.sender, content, reason);
    }

    /// @notice See `IDemandBook.refuseBySignature`.
    function refuseBySignature(IDemandBook.Objection calldata refusal, bytes calldata signature)
        external
    {
        _requireObjection(_REFUSAL, refusal, signature);
        _refuse(refusal.demand, refusal.auditor, refusal.content, refusal.reason);
    }

    /// @notice See `IDemandBook.contest`.
    function contest(uint64 demandId, bytes32 content, bytes32 reason) external {
        _contest(demandId, msg.sender, content, reason);
    }

    /// @notice See `IDemandBook.contestBySignature`.
    function contestBySignature(IDemandBook.Objection calldata objection, bytes calldata signature)
        external
    {
        _requireObjection(_CONTEST, objection, signature);
        _contest(objection.demand, objection.auditor, objection.content, objection.reason);
    }

    /// @notice See `IDemandBook.writeOff`.
    function writeOff(address recipient, uint64 lot, uint64 units, bytes32 reason) external {
        if (units == 0) revert IDemandBook.ZeroUnits();
        _requireReason(reason);
        uint64 received = _received[recipient][lot];
        if (units > received) revert IDemandBook.TooManyUnits(units, received);
        _requireAuditorOf(msg.sender, recipient);

        uint64 material = _takeOff(recipient, lot, units);
        emit IDemandBook.UnitsWrittenOff(recipient, material, lot, units, msg.sender, reason);
    }

    // --- own reads ---

    function _requireObjection(
        bytes32 typeHash,
        IDemandBook.Objection calldata objection,
        bytes calldata signature
    ) private view {
        _requireSigned(
            objection.auditor,
            objection.deadline,
            keccak256(abi.encode(typeHash, objection)),
            signature
        );
    }

    function _requireSigned(
        address auditor,
        uint40 deadline,
        bytes32 structHash,
        bytes calldata signature
    ) private view {
        if (block.timestamp > deadline) revert IDemandBook.Expired(deadline);
        SignatureCheck.requireValid(auditor, _hashTypedDataV4(structHash), signature);
    }

    function _requireReason(bytes32 reason) private pure {
        if (reason == 0) revert IDemandBook.NoReason();
    }

    /// @dev A demand on which the auditor may say something: as the auditor has seen it, open or with an audit owed.
    function _auditable(uint64 id, address auditor, bytes32 content)
        private
        view
        returns (DemandRecord storage record)
    {
        record = _knownDemand(id);
        IDemandBook.DemandStatus status = _statusOf(record);
        if (status != IDemandBook.DemandStatus.OPEN && !record.audit.auditOwed) {
            revert IDemandBook.DemandNotOpen(id, status);
        }
        bytes32 expected = _contentOf(id, record);
        if (content != expected) revert IDemandBook.ContentChanged(id, expected, content);
        _requireAuditorOf(auditor, record.terms.recipient);
    }

    // --- shared writes ---

    /// @dev Units that a recipient no longer has on hand. Returns their material.
    function _takeOff(address recipient, uint64 lot, uint64 units)
        internal
        returns (uint64 material)
    {
        material = ledger.lot(lot).material;
        _received[recipient][lot] -= units;
        _accounts[_accountKey(recipient, uint48(material))] -= NeedAccount.asked(units)
        + NeedAccount.onHand(units);
    }

    // --- own writes ---

    function _attest(uint64 id, address auditor, bytes32 content, uint40 validUntil) private {
        DemandRecord storage record = _auditable(id, auditor, content);
        if (validUntil <= block.timestamp || validUntil > block.timestamp + _MAX_VALIDITY) {
            revert IDemandBook.BadValidity(validUntil);
        }
        _refresh(id, record);
        Audit storage audit = record.audit;
        if (audit.refused) _requireApart(auditor, record.refusedBy);
        if (audit.firstUntil == 0) {
            record.firstAuditor = auditor;
            audit.firstUntil = validUntil;
        } else {
            address first = record.firstAuditor;
            bool hasSecond = audit.secondUntil != 0;
            if (first == auditor || (hasSecond && record.secondAuditor == auditor)) {
                revert IDemandBook.AlreadyAttested(id, auditor);
            }
            if (hasSecond) revert IDemandBook.FullyAttested(id);
            _requireApart(auditor, first);
            record.secondAuditor = auditor;
            audit.secondUntil = validUntil;
        }
        emit IDemandBook.DemandAttested(id, auditor, audit.version, validUntil);

        if (audit.auditOwed && (!audit.refused || audit.secondUntil != 0)) _settleDebt(record);
        _refresh(id, record);
    }

    function _refuse(uint64 id, address auditor, bytes32 content, bytes32 reason) private {
        _requireReason(reason);
        DemandRecord storage record = _auditable(id, auditor, content);
        _refresh(id, record);
        Audit storage audit = record.audit;
        if (audit.firstUntil != 0) revert IDemandBook.DemandIsAttested(id, record.firstAuditor);
        if (audit.refused) revert IDemandBook.AlreadyRefused(id, record.refusedBy);

        audit.refused = true;
        record.refusedBy = auditor;
        emit IDemandBook.DemandRefused(id, auditor, audit.version, reason);
    }

    function _contest(uint64 id, address auditor, bytes32 content, bytes32 reason) private {
        _requireReason(reason);
        DemandRecord storage record = _auditable(id, auditor, content);
        _refresh(id, record);
        Audit storage audit = record.audit;
        if (audit.firstUntil == 0) revert IDemandBook.NotAttested(id);
        _requireApart(auditor, record.firstAuditor);
        if (audit.secondUntil != 0) _requireApart(auditor, record.secondAuditor);
        uint40 until = audit.contestedUntil;
        if (block.timestamp < until) revert IDemandBook.AlreadyContested(id, until);
        if (audit.contests == _MAX_CONTESTS) {
            revert IDemandBook.TooManyContests(id, _MAX_CONTESTS);
        }
        if (audit.contests != 0) _requireApart(auditor, record.contestedBy);

        until = uint40(block.timestamp) + _CONTEST_TIME;
        audit.contestedUntil = until;
        ++audit.contests;
        record.contestedBy = auditor;
        emit IDemandBook.DemandContested(id, auditor, audit.version, until, reason);
        _refresh(id, record);
    }

    function _settleDebt(DemandRecord storage record) private {
        record.audit.auditOwed = false;
        IDemandBook.AuditDebt storage debt = _auditDebts[record.terms.recipient];
        if (--debt.demands == 0) debt.auditBy = 0;
    }
}
