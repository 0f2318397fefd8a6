// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IMovementBoard} from "../../interfaces/IMovementBoard.sol";
import {References} from "../libraries/References.sol";

/// @title MovementBoard
/// @notice Where each consignment was, is, is held up, and goes next.
contract MovementBoard is IMovementBoard {
    /// @notice Where custody is kept.
    IMaterialLedger public immutable ledger;
    /// @notice Whose stations they are.
    ILogisticsNetwork public immutable network;

    mapping(uint64 consignment => Detention) private _detentions;

    constructor(address materialLedger, address logisticsNetwork) {
        ledger = IMaterialLedger(References.required(materialLedger));
        network = ILogisticsNetwork(References.required(logisticsNetwork));
    }

    // --- reads ---

    /// @inheritdoc IMovementBoard
    function positionOf(uint64 consignment) external view returns (Position memory position) {
        IMaterialLedger.Load memory load = ledger.load(consignment);
        IMaterialLedger.Stop[] memory route = ledger.routeOf(consignment);
        position.custodian = load.custodian;
        position.station = route[load.sequence].station;
        position.since = load.since;
        if (!_isOpen(load)) return position;
        position.isMoving = load.state == IMaterialLedger.ParcelState.IN_TRANSIT;
        position.nextStation = route[load.sequence + 1].station;
        position.nextCustodian = route[load.sequence + 1].custodian;
        Detention memory told = _detentions[consignment];
        if (told.sequence == load.sequence) position.detention = told;
    }

    // --- who has the goods, stations ---

    /// @inheritdoc IMovementBoard
    function detain(
        uint64 consignment,
        uint32 station,
        ILogisticsNetwork.Hindrance reason,
        bytes32 note
    ) external {
        if (reason == ILogisticsNetwork.Hindrance.NULL) {
            revert NoReason();
        }
        IMaterialLedger.Load memory load = ledger.load(consignment);
        if (!_isOpen(load)) revert HasEnded(consignment);
        IMaterialLedger.Stop[] memory route = ledger.routeOf(consignment);
        if (station != route[load.sequence].station && station != route[load.sequence + 1].station)
        {
            revert NotOnTheWay(consignment, station);
        }
        if (msg.sender != load.custodian && msg.sender != network.station(station).operator) {
            revert NotResponsible(consignment, msg.sender);
        }

        _detentions[consignment] =
            Detention(msg.sender, uint40(block.timestamp), station, uint8(load.sequence), reason);
        emit Detained(consignment, station, msg.sender, reason, note);
    }

    /// @inheritdoc IMovementBoard
    function resume(uint64 consignment) external {
        Detention memory told = _detentions[consignment];
        IMaterialLedger.Load memory load = ledger.load(consignment);
        bool stands = told.reason != ILogisticsNetwork.Hindrance.NULL
            && told.sequence == load.sequence && _isOpen(load);
        if (!stands) revert NotDetained(consignment);
        if (msg.sender != told.by && msg.sender != load.custodian) {
            revert NotResponsible(consignment, msg.sender);
        }

        delete _detentions[consignment];
        emit Resumed(consignment, msg.sender);
    }

    /// @dev Until it has ended a load has a next stop.
    function _isOpen(IMaterialLedger.Load memory load) private pure returns (bool) {
        return load.state == IMaterialLedger.ParcelState.ALLOCATED
            || load.state == IMaterialLedger.ParcelState.IN_TRANSIT;
    }
}
