// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {IRecipeBook} from "../../interfaces/IRecipeBook.sol";
import {Earmarks} from "../libraries/Earmarks.sol";
import {References} from "../libraries/References.sol";
import {ParcelBook} from "./ParcelBook.sol";

/// @title MaterialOffice
/// @notice What makers, custodians and auditors do with lots and parcels at rest.
/// @dev Code of `MaterialLedger`, which is too large for one contract: the ledger runs it by delegatecall, in its own
/// storage, with the caller's own sender. Both have their storage from `ParcelBook` and may declare none before it. Called directly
/// it knows no lot and no parcel, and can change nothing but itself.
contract MaterialOffice is ParcelBook {
    using Earmarks for IMaterialLedger.Earmark;

    /// @notice Most parcels that go into a transformation.
    uint256 public constant MAX_INPUTS = 8;

    /// @notice Most lots that come out of a transformation.
    uint256 public constant MAX_OUTPUTS = 8;

    uint256 private constant _GTIN_LIMIT = 1e14;

    /// @notice Where yields are looked up.
    IRecipeBook public immutable recipes;

    constructor(address accessManager, address participantRegistry, address recipeBook)
        ParcelBook(accessManager, participantRegistry)
    {
        recipes = IRecipeBook(References.required(recipeBook));
    }

    // --- cataloguer ---

    /// @notice See `IMaterialLedger.defineMaterial`; the ledger has checked the caller's role.
    function defineMaterial(IMaterialLedger.Material calldata definition) external {
        uint64 gtin = definition.gtin;
        if (
            !_isGtin(gtin) || definition.temperatureMin > definition.temperatureMax
                || definition.humidityMin > definition.humidityMax
        ) revert IMaterialLedger.BadMaterial(gtin);
        if (_materials[gtin].defined) revert IMaterialLedger.MaterialExists(gtin);
        IMaterialLedger.Material memory record = definition;
        record.defined = true;
        _materials[gtin] = record;
        _tell(abi.encode(IMaterialLedger.MaterialDefined.selector, gtin, record), 2);
    }

    // --- makers, auditors, arbiters ---

    /// @notice See `IMaterialLedger.recall`.
    function recall(uint64 lotId, bytes32 reason, bytes32 evidence) external {
        if (evidence == 0) revert IMaterialLedger.NoEvidence();
        if (reason == 0) revert IMaterialLedger.NoReason();
        LotRecord storage record = _knownLot(lotId);
        if (record.recalled) revert IMaterialLedger.AlreadyRecalled(lotId);
        if (record.maker != msg.sender && !_isAuditor(msg.sender)) {
            revert IMaterialLedger.NotAuditor(msg.sender);
        }

        record.recalled = true;
        _recallers[lotId] = msg.sender;
        ++_recallEpoch;
        _tell(abi.encode(IMaterialLedger.Recalled.selector, lotId, msg.sender, reason, evidence), 3);
    }

    /// @notice See `IMaterialLedger.liftRecall`.
    function liftRecall(uint64 lotId, bytes32 evidence) external {
        if (evidence == 0) revert IMaterialLedger.NoEvidence();
        LotRecord storage record = _knownLot(lotId);
        if (!record.recalled) revert IMaterialLedger.NotRecalled(lotId);
        bool mayLift = _isAuditor(msg.sender)
            || registry.isActive(msg.sender, IParticipantRegistry.Role.ARBITER);
        if (!mayLift || !_areApart(msg.sender, _recallers[lotId])) {
            revert IMaterialLedger.NotAuditor(msg.sender);
        }

        record.recalled = false;
        delete _recallers[lotId];
        _tell(abi.encode(IMaterialLedger.RecallLifted.selector, lotId, msg.sender, evidence), 3);
    }

    // --- suppliers, custodians, auditors ---

    /// @notice See `IMaterialLedger.transform`.
    function transform(
        uint64 recipe,
        IMaterialLedger.Part[] calldata inputs,
        IMaterialLedger.Commission[] calldata outputs
    ) external returns (uint64[] memory lots, uint64[] memory parcels) {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.SUPPLIER);
        if (inputs.length == 0 || outputs.length == 0) revert IMaterialLedger.NothingToTransform();
        if (inputs.length > MAX_INPUTS) {
            revert IMaterialLedger.TooManyParcels(inputs.length, MAX_INPUTS);
        }
        if (outputs.length > MAX_OUTPUTS) {
            revert IMaterialLedger.TooManyOutputs(outputs.length, MAX_OUTPUTS);
        }
        recipes.checkYield(recipe, msg.sender, _goodsOf(inputs), _goodsOf(outputs));

        (IMaterialLedger.Part[] memory used, uint64[] memory sources) = _use(inputs);
        (lots, parcels) = _make(sources, outputs);
        _tell(
            bytes.concat(
                abi.encode(IMaterialLedger.LotsTransformed.selector, recipe, msg.sender),
                abi.encode(used, lots)
            ),
            3
        );
    }

    /// @notice See `IMaterialLedger.recordStep`.
    function recordStep(uint64 parcelId, bytes32 step, uint32 station, bytes32 evidence) external {
        if (step == 0) revert IMaterialLedger.NoReason();
        if (evidence == 0) revert IMaterialLedger.NoEvidence();
        IMaterialLedger.Parcel storage record = _knownParcel(parcelId);
        uint64 lotId = record.lot;
        if (msg.sender != _custodianOf(record) && msg.sender != _lots[lotId].maker) {
            revert IMaterialLedger.NeitherMakerNorCustodian(parcelId, msg.sender);
        }
        _tell(
            abi.encode(
                IMaterialLedger.StepRecorded.selector,
                lotId,
                parcelId,
                msg.sender,
                step,
                station,
                evidence
            ),
            4
        );
    }

    /// @notice See `IMaterialLedger.split`.
    function split(uint64 parcelId, uint64 units) external returns (uint64 child) {
        IMaterialLedger.Parcel storage record = _landed(parcelId);
        IMaterialLedger.ParcelState state = _stateOf(record);
        if (
            state != IMaterialLedger.ParcelState.HELD
                && state != IMaterialLedger.ParcelState.DELIVERED
        ) revert IMaterialLedger.WrongState(parcelId, state);
        _checkCustodian(parcelId, record, msg.sender);
        if (units >= record.units) {
            revert IMaterialLedger.TooManyUnits(parcelId, units, record.units);
        }
        return _splitOff(parcelId, record, units);
    }

    /// @notice See `IMaterialLedger.distribute`.
    function distribute(uint64 parcelId, uint64 units, bytes32 ward, bytes32 listHash) external {
        IMaterialLedger.Parcel storage record =
            _atRest(parcelId, IMaterialLedger.ParcelState.DELIVERED);
        _checkCustodian(parcelId, record, msg.sender);
        // Not `requireActive`: a suspended recipient may still hand out what it holds.
        uint256 recipients = 1 << uint256(IParticipantRegistry.Role.RECIPIENT);
        if (registry.participant(msg.sender).roles & recipients == 0) {
            revert IParticipantRegistry.NotActive(msg.sender, IParticipantRegistry.Role.RECIPIENT);
        }
        _checkRecall(record.lot);
        uint64 handedOut =
            _moveUnits(parcelId, record, units, IMaterialLedger.ParcelState.DISTRIBUTED);
        _tell(
            abi.encode(IMaterialLedger.UnitsDistributed.selector, handedOut, units, ward, listHash),
            2
        );
    }

    /// @notice See `IMaterialLedger.merge`.
    function merge(uint64 into, uint64 parcelId) external {
        IMaterialLedger.Parcel storage record = _landed(parcelId);
        IMaterialLedger.Parcel storage other = _landed(into);
        IMaterialLedger.ParcelState state = _stateOf(record);
        if (
            state != IMaterialLedger.ParcelState.HELD
                && state != IMaterialLedger.ParcelState.DELIVERED
        ) {
            revert IMaterialLedger.WrongState(parcelId, state);
        }
        _checkCustodian(parcelId, record, msg.sender);
        if (
            into == parcelId || _stateOf(other) != state || other.custodian != record.custodian
                || other.lot != record.lot || other.station != record.station
        ) revert IMaterialLedger.NotAlike(into, parcelId);

        uint56 units = record.units;
        other.units += units;
        record.units = 0;
        record.state = IMaterialLedger.ParcelState.MERGED;
        _merges[parcelId] = Merge(into, uint40(block.timestamp));
        _tell(abi.encode(IMaterialLedger.ParcelsMerged.selector, into, parcelId, units), 3);
    }

    /// @notice See `IMaterialLedger.quarantine`.
    function quarantine(uint64 parcelId, bytes32 evidence) external {
        if (evidence == 0) revert IMaterialLedger.NoEvidence();
        IMaterialLedger.Parcel storage record = _landed(parcelId);
        IMaterialLedger.ParcelState state = _stateOf(record);
        if (
            state != IMaterialLedger.ParcelState.HELD
                && state != IMaterialLedger.ParcelState.OFFERED
                && state != IMaterialLedger.ParcelState.DELIVERED
                && state != IMaterialLedger.ParcelState.RETURNED
        ) revert IMaterialLedger.WrongState(parcelId, state);
        if (!_isAuditor(msg.sender)) _checkCustodian(parcelId, record, msg.sender);

        _quarantines[parcelId] = IMaterialLedger.Quarantine(msg.sender, state);
        _move(parcelId, record, IMaterialLedger.ParcelState.QUARANTINED);
        _tell(
            abi.encode(IMaterialLedger.ParcelQuarantined.selector, parcelId, msg.sender, evidence),
            3
        );
    }

    /// @notice See `IMaterialLedger.releaseFromQuarantine`.
    function releaseFromQuarantine(uint64 parcelId, bytes32 evidence) external {
        if (evidence == 0) revert IMaterialLedger.NoEvidence();
        IMaterialLedger.Parcel storage record =
            _atRest(parcelId, IMaterialLedger.ParcelState.QUARANTINED);
        IMaterialLedger.Quarantine memory stopped = _quarantines[parcelId];
        if (
            !_isAuditor(msg.sender) || !_areApart(msg.sender, record.custodian)
                || (stopped.by != address(0) && !_areApart(msg.sender, stopped.by))
        ) revert IMaterialLedger.NotAuditor(msg.sender);
        _checkRecall(record.lot);

        delete _quarantines[parcelId];
        _move(
            parcelId,
            record,
            stopped.before == IMaterialLedger.ParcelState.NULL
                ? IMaterialLedger.ParcelState.DELIVERED
                : stopped.before
        );
        _tell(
            abi.encode(IMaterialLedger.QuarantineLifted.selector, parcelId, msg.sender, evidence), 3
        );
    }

    /// @notice See `IMaterialLedger.restock`.
    function restock(uint64 parcelId) external {
        IMaterialLedger.Parcel storage record =
            _atRest(parcelId, IMaterialLedger.ParcelState.RETURNED);
        _checkCustodian(parcelId, record, msg.sender);
        _move(parcelId, record, IMaterialLedger.ParcelState.HELD);
    }

    /// @notice See `IMaterialLedger.reportLoss`.
    function reportLoss(uint64 parcelId, uint64 units, bytes32 evidence) external {
        if (evidence == 0) revert IMaterialLedger.NoEvidence();
        IMaterialLedger.Parcel storage record = _landed(parcelId);
        IMaterialLedger.ParcelState state = _stateOf(record);
        if (
            state != IMaterialLedger.ParcelState.HELD
                && state != IMaterialLedger.ParcelState.DELIVERED
                && state != IMaterialLedger.ParcelState.RETURNED
                && state != IMaterialLedger.ParcelState.QUARANTINED
        ) revert IMaterialLedger.WrongState(parcelId, state);
        _checkCustodian(parcelId, record, msg.sender);
        uint64 gone = _moveUnits(parcelId, record, units, IMaterialLedger.ParcelState.LOST);
        _tell(abi.encode(IMaterialLedger.ParcelLost.selector, gone, msg.sender, evidence), 3);
    }

    /// @notice See `IMaterialLedger.destroy`.
    function destroy(uint64 parcelId, bytes32 evidence) external {
        if (evidence == 0) revert IMaterialLedger.NoEvidence();
        IMaterialLedger.Parcel storage record = _landed(parcelId);
        IMaterialLedger.ParcelState state = _stateOf(record);
        if (
            state != IMaterialLedger.ParcelState.QUARANTINED
                && state != IMaterialLedger.ParcelState.RETURNED
                && state != IMaterialLedger.ParcelState.HELD
        ) {
            revert IMaterialLedger.WrongState(parcelId, state);
        }
        _checkCustodian(parcelId, record, msg.sender);
        _move(parcelId, record, IMaterialLedger.ParcelState.DESTROYED);
        _tell(
            abi.encode(IMaterialLedger.ParcelDestroyed.selector, parcelId, msg.sender, evidence), 3
        );
    }

    // --- DonationRegistry; the ledger has checked the caller ---

    /// @notice See `IMaterialLedger.commissionGift`.
    function commissionGift(
        IMaterialLedger.Commission calldata request,
        address donor,
        address custodian,
        IMaterialLedger.Earmark calldata earmark
    ) external returns (uint64 lotId, uint64 parcelId) {
        earmark.requireBorne(registry);
        return _commission(request, IMaterialLedger.LotKind.GIFT, donor, custodian, earmark);
    }

    // --- DemandEscrow; the ledger has checked the caller ---

    /// @notice See `IMaterialLedger.redeem`.
    function redeem(uint64 parcelId, uint64 units) external returns (uint64 allocated) {
        IMaterialLedger.Parcel storage record =
            _atRest(parcelId, IMaterialLedger.ParcelState.OFFERED);
        _checkExpiry(record.lot);
        _checkRecall(record.lot);
        _takePromise(parcelId, record, units);
        allocated = _part(parcelId, record, units);
        _parcels[allocated].state = IMaterialLedger.ParcelState.ALLOCATED;
    }

    /// @notice See `IMaterialLedger.deallocate`.
    function deallocate(uint64 parcelId, uint64 units, bool again) external {
        IMaterialLedger.Parcel storage record = _knownParcel(parcelId);
        _takePromise(parcelId, record, units);
        IMaterialLedger.ParcelState to = IMaterialLedger.ParcelState.OFFERED;
        uint64 part = parcelId;
        if (!again) {
            to = IMaterialLedger.ParcelState.HELD;
            part = _takeFromOffer(parcelId, record, units);
        }
        // What was stopped, destroyed or lost counts as that already.
        if (record.state == IMaterialLedger.ParcelState.OFFERED) {
            _parcels[part].state = to;
            _count(part, record.lot, IMaterialLedger.ParcelState.ALLOCATED, to, units, 0);
        }
    }

    /// @notice See `IMaterialLedger.release`.
    function release(uint64 parcelId) external {
        IMaterialLedger.Parcel storage record =
            _atRest(parcelId, IMaterialLedger.ParcelState.ALLOCATED);
        if (record.state != IMaterialLedger.ParcelState.ALLOCATED) {
            revert IMaterialLedger.WrongState(parcelId, IMaterialLedger.ParcelState.ALLOCATED);
        }
        _move(parcelId, record, IMaterialLedger.ParcelState.HELD);
    }

    /// @notice See `IMaterialLedger.commission`.
    function commission(IMaterialLedger.Commission calldata request)
        external
        returns (uint64 lotId, uint64 parcelId)
    {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.SUPPLIER);
        return _commission(
            request,
            IMaterialLedger.LotKind.SUPPLY,
            msg.sender,
            msg.sender,
            IMaterialLedger.Earmark(IMaterialLedger.EarmarkKind.NONE, 0)
        );
    }

    /// @notice See `IMaterialLedger.withdraw`.
    function withdraw(uint64 parcelId) external {
        IMaterialLedger.Parcel storage record = _knownParcel(parcelId);
        bool isOffered = record.state == IMaterialLedger.ParcelState.OFFERED;
        if (!isOffered && _quarantines[parcelId].before != IMaterialLedger.ParcelState.OFFERED) {
            revert IMaterialLedger.WrongState(parcelId, _stateOf(record));
        }
        uint64 units = record.units - record.promised;
        if (units == 0) return;
        uint64 part = _takeFromOffer(parcelId, record, units);
        if (isOffered) _move(part, _parcels[part], IMaterialLedger.ParcelState.HELD);
    }

    // --- internal reads ---

    function _isAuditor(address who) internal view returns (bool) {
        return registry.isActive(who, IParticipantRegistry.Role.AUDITOR);
    }

    /// @dev True when two parties, the first of them registered, are not of one organisation.
    function _areApart(address who, address other) internal view returns (bool) {
        return who != other
            && registry.participant(who).organisation != registry.participant(other).organisation;
    }

    /// @dev The distinct parents and then their ancestors.
    function _lineage(uint64[] memory lots)
        internal
        view
        returns (uint64[] memory line, uint256 count, uint256 parents)
    {
        line = new uint64[](MAX_ANCESTORS);
        for (uint256 i; i < lots.length; ++i) {
            parents = _join(line, parents, lots[i]);
        }
        count = parents;
        for (uint256 i; i < parents; ++i) {
            uint64 parent = line[i];
            uint256 further = _lots[parent].ancestors;
            for (uint256 k; k < further; ++k) {
                count = _join(line, count, _ancestors[parent][k]);
            }
        }
    }

    function _join(uint64[] memory line, uint256 count, uint64 lotId)
        private
        pure
        returns (uint256)
    {
        for (uint256 i; i < count; ++i) {
            if (line[i] == lotId) return count;
        }
        if (count == MAX_ANCESTORS) revert IMaterialLedger.TooManyAncestors(MAX_ANCESTORS);
        line[count] = lotId;
        return count + 1;
    }

    /// @dev An earmark would be lost with the lot that bears it.
    function _checkUnearmarked(uint64 lotId) internal view {
        IMaterialLedger.EarmarkKind kind = _lots[lotId].earmarkKind;
        if (kind != IMaterialLedger.EarmarkKind.NONE) {
            revert IMaterialLedger.BadEarmark(kind, _scopes[lotId]);
        }
    }

    function _goodsOf(IMaterialLedger.Part[] calldata inputs)
        private
        view
        returns (IRecipeBook.Line[] memory lines)
    {
        lines = new IRecipeBook.Line[](inputs.length);
        for (uint256 i; i < inputs.length; ++i) {
            uint64 lotId = _knownParcel(inputs[i].parcel).lot;
            lines[i] = IRecipeBook.Line(_lots[lotId].material, inputs[i].units);
        }
    }

    function _goodsOf(IMaterialLedger.Commission[] calldata outputs)
        private
        pure
        returns (IRecipeBook.Line[] memory lines)
    {
        lines = new IRecipeBook.Line[](outputs.length);
        for (uint256 i; i < outputs.length; ++i) {
            lines[i] = IRecipeBook.Line(outputs[i].material, outputs[i].quantity);
        }
    }

    /// @dev GS1: at most 14 digits; weighted 1, 3, 1, ... from the right they add up to a multiple of ten.
    function _isGtin(uint64 gtin) private pure returns (bool) {
        if (gtin == 0 || gtin >= _GTIN_LIMIT) return false;
        uint256 sum;
        uint256 weight = 1;
        for (uint256 rest = gtin; rest != 0; rest /= 10) {
            sum += (rest % 10) * weight;
            weight = 4 - weight;
        }
        return sum % 10 == 0;
    }

    // --- internal writes ---

    function _commission(
        IMaterialLedger.Commission calldata request,
        IMaterialLedger.LotKind kind,
        address maker,
        address custodian,
        IMaterialLedger.Earmark memory earmark
    ) private returns (uint64 lotId, uint64 parcelId) {
        lotId = _createLot(request, kind, maker, earmark);
        IMaterialLedger.Parcel memory first;
        first.custodian = custodian;
        first.since = uint40(block.timestamp);
        first.state = IMaterialLedger.ParcelState.HELD;
        first.station = request.station;
        first.lot = uint48(lotId);
        first.units = uint56(request.quantity);
        parcelId = _create(first);
        bytes memory topics =
            abi.encode(IMaterialLedger.LotCommissioned.selector, lotId, request.material, maker);
        bytes memory data = abi.encode(
            parcelId, custodian, request.quantity, request.expiry, kind, request.evidence
        );
        _tell(bytes.concat(topics, data), 4);
    }

    /// @dev The caller says what becomes of the units.
    function _takePromise(uint64 id, IMaterialLedger.Parcel storage record, uint64 units) private {
        uint56 promised = record.promised;
        if (units > promised) revert IMaterialLedger.TooManyUnits(id, units, promised);
        record.promised = promised - uint56(units);
    }

    /// @dev Units that are not promised leave the offer. What was stopped while it was offered will be held on its release;
    /// of what was destroyed or lost nothing is left to part.
    function _takeFromOffer(uint64 id, IMaterialLedger.Parcel storage record, uint64 units)
        private
        returns (uint64 part)
    {
        IMaterialLedger.ParcelState state = record.state;
        bool isStopped = state == IMaterialLedger.ParcelState.QUARANTINED;
        if (!isStopped && state != IMaterialLedger.ParcelState.OFFERED) return id;
        part = _part(id, record, units);
        if (isStopped) {
            _quarantines[part] =
                IMaterialLedger.Quarantine(_quarantines[id].by, IMaterialLedger.ParcelState.HELD);
        }
    }

    /// @dev Consumes the inputs. Returns the parcels that held them, and their lots.
    function _use(IMaterialLedger.Part[] calldata inputs)
        private
        returns (IMaterialLedger.Part[] memory used, uint64[] memory sources)
    {
        used = new IMaterialLedger.Part[](inputs.length);
        sources = new uint64[](inputs.length);
        for (uint256 i; i < inputs.length; ++i) {
            uint64 id = inputs[i].parcel;
            IMaterialLedger.Parcel storage record = _atRest(id, IMaterialLedger.ParcelState.HELD);
            _checkCustodian(id, record, msg.sender);
            uint64 lotId = record.lot;
            _checkUnearmarked(lotId);
            _checkExpiry(lotId);
            _checkRecall(lotId);
            uint64 units = inputs[i].units;
            used[i] = IMaterialLedger.Part(
                _moveUnits(id, record, units, IMaterialLedger.ParcelState.TRANSFORMED), units
            );
            sources[i] = lotId;
        }
    }

    function _make(uint64[] memory sources, IMaterialLedger.Commission[] calldata outputs)
        private
        returns (uint64[] memory lots, uint64[] memory parcels)
    {
        (uint64[] memory line, uint256 count, uint256 parents) = _lineage(sources);
        lots = new uint64[](outputs.length);
        parcels = new uint64[](outputs.length);
        IMaterialLedger.Earmark memory none =
            IMaterialLedger.Earmark(IMaterialLedger.EarmarkKind.NONE, 0);
        for (uint256 i; i < outputs.length; ++i) {
            (lots[i], parcels[i]) = _commission(
                outputs[i], IMaterialLedger.LotKind.SUPPLY, msg.sender, msg.sender, none
            );
            _descend(lots[i], line, count, parents);
        }
    }

    /// @dev Its ancestors have just been found clear.
    function _descend(uint64 lotId, uint64[] memory line, uint256 count, uint256 parents) internal {
        uint64[MAX_ANCESTORS] storage kept = _ancestors[lotId];
        for (uint256 i; i < count; ++i) {
            kept[i] = line[i];
        }
        LotRecord storage record = _lots[lotId];
        record.clearedAt = _recallEpoch;
        record.ancestors = uint8(count);
        record.parents = uint8(parents);
    }
}
