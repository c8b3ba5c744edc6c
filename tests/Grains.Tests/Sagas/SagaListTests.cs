using Waybill.EventStore;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;

namespace Waybill.Tests.Grains.Sagas;

/// <summary>The list of all sagas, folded from what a transfer recorded.</summary>
public sealed class SagaListTests
{
    private readonly SagaSpecification<Transfer> _transfer = new("t1");

    [Fact]
    public void Each_saga_has_a_row_that_follows_its_steps()
    {
        _transfer.Take(new Transfer.Requested(new("ann", "bob", 5_00, "EUR", null)));
        var begun = Row()!;
        (begun.SagaId, begun.Type, begun.Status, begun.Stage, begun.Reason).ShouldBe(
            ("transfer-t1", "transfer", "running", "debiting", null));

        _transfer.Done("debit");
        _transfer.Refused("credit", "account-closed");
        (Row()!.Status, Row()!.Reason).ShouldBe(("compensating", "account-closed"));
        _transfer.Refused("undo-debit", "account-closed");
        (Row()!.Status, Row()!.Reason).ShouldBe(("stuck", "undo-debit: account-closed"));
        _transfer.Undo();
        (Row()!.Status, Row()!.Reason).ShouldBe(("compensated", "account-closed"));
        (Row()!.StartedPosition, Row()!.StartedAt, Row()!.ChangedAt).ShouldBe(
            (1, SagaSpecification.Now.AddMinutes(1), SagaSpecification.Now.AddMinutes(_transfer.Log.Count)));
    }

    [Fact]
    public void Only_events_of_sagas_concern_it()
    {
        SagaList.KeyOf(Stored("saga.stepped", 1)).ShouldNotBeNull();
        SagaList.KeyOf(Stored("account.opened", 1)).ShouldBeNull();
    }

    private SagaRow? Row() => _transfer.Log.Index().Aggregate(
        (SagaRow?)null,
        (row, step) => SagaList.Apply(row, new RecordedEvent(Stored("saga.stepped", step.Index + 1), step.Item)));

    private static StoredEvent Stored(string type, long position) => new(
        Guid.Empty, new("transfer", "t1"), position, position, type, 2, SagaSpecification.Now.AddMinutes(position), [],
        new EventMetadata(Guid.Empty, "correlation", null, "ann"));
}
