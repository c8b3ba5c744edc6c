using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Tests.EventStore.ReadModels;

public sealed class ReadModelTests
{
    private sealed record Odd(string Id, decimal Price);

    private sealed record Loose(string? Id);

    private sealed class NoColumns;

    [Fact]
    public void Columns_come_from_the_constructor_in_snake_case()
    {
        Specimen.Model.View.ShouldBe("specimen_v1");
        Specimen.Model.Columns.Take(4).Select(column => (column.Name, column.Type, column.IsNullable)).ShouldBe(
        [
            ("id", typeof(string), false),
            ("remark", typeof(string), true),
            ("amount", typeof(long), false),
            ("limit", typeof(long), true),
        ]);
        Specimen.Model.Columns[^1].ShouldSatisfyAllConditions(
            column => column.Type.ShouldBe(typeof(Grade)), column => column.IsNullable.ShouldBeTrue());
    }

    [Fact]
    public void The_key_of_a_row_is_that_of_its_values()
    {
        Specimen.Model.KeyOf(Specimen.Empty("a")).ShouldBe((RowKey)"a");
        var mark = new Mark(Grade.Gold, DateTimeOffset.UnixEpoch, 1, Guid.Empty);
        Mark.Model.KeyOf(mark).ShouldBe(RowKey.Of(Grade.Gold, DateTimeOffset.UnixEpoch, 1, Guid.Empty));
        Mark.Model.KeyOf(mark).GetHashCode().ShouldBe(Mark.Model.KeyOf(mark with { }).GetHashCode());
        Mark.Model.KeyOf(mark).ShouldNotBe(Mark.Model.KeyOf(mark with { Number = 2 }));
    }

    [Fact]
    public void What_no_table_can_be_made_of_is_refused()
    {
        Should.Throw<ArgumentException>(() => new ReadModel<Odd>("odd", 1, ["Id"])).Message.ShouldContain("Price");
        Should.Throw<ArgumentException>(() => new ReadModel<Loose>("loose", 1, ["Id"]))
            .Message.ShouldContain("nullable");
        Should.Throw<ArgumentException>(() => new ReadModel<NoColumns>("none", 1, ["Id"]));
        Should.Throw<ArgumentException>(() => new ReadModel<Tally>("Tally", 1, ["Stream"]));
        Should.Throw<ArgumentException>(() => new ReadModel<Tally>("tally; DROP", 1, ["Stream"]));
        Should.Throw<ArgumentException>(() => new ReadModel<Tally>("tally", 0, ["Stream"]));
        Should.Throw<ArgumentException>(() => new ReadModel<Tally>("tally", 1, []));
        Should.Throw<ArgumentException>(() => new ReadModel<Tally>("tally", 1, ["Name"])).Message.ShouldContain("Name");
    }

    [Theory]
    [InlineData("Balance -5 of a is below 0.", "InvalidOperationException: Balance -# of # is below #.")]
    [InlineData("No 'x' for 01a1fa96-26fe-7e48-8f19-6d8b2d196d54", "InvalidOperationException: No # for #")]
    [InlineData("An arm is missing", "InvalidOperationException: An arm is missing")]
    public void A_cause_does_not_depend_on_the_event(string message, string cause) =>
        ParkedCause.Of(new InvalidOperationException(message), Stored("a")).ShouldBe(cause);

    [Fact]
    public void An_unreadable_event_is_named_by_its_type()
    {
        var causes = new[] { "a", "b" }.Select(id =>
            ParkedCause.Of(new UnreadableEventException(Stored(id), "its type is not known here."), Stored(id)));

        causes.Distinct().ShouldBe(["UnreadableEventException: note.written v1"]);
    }

    private static StoredEvent Stored(string id) => new(
        Make.Id(1), Make.Stream(id), 1, 1, "note.written", 1, DateTimeOffset.UnixEpoch, [],
        new EventMetadata(Make.Id(1), "correlation", null, "ann"));
}
