using Waybill.EventStore.ReadModels;

namespace Waybill.Tests.EventStore.ReadModels;

public abstract partial class ReadModelStoreContract
{
    private static readonly ReadModelGroups ByGrade = new(
        [nameof(Specimen.Grade), nameof(Specimen.Id)], [nameof(Specimen.Amount), nameof(Specimen.Limit)]);

    [Fact]
    public async Task Rows_are_counted_and_added_up_by_what_they_have_in_common()
    {
        await Fill();

        var groups = await Groups(new([nameof(Specimen.Grade)], [nameof(Specimen.Amount), nameof(Specimen.Count)]));

        groups.ShouldBe(["Gold 2: 12, 3", "Plain 3: -6, 12"]);
    }

    [Fact]
    public async Task What_is_added_up_may_be_more_than_a_row_can_hold_and_what_is_empty_counts_as_nothing()
    {
        await Store.PrepareAsync(Specimen.Model, 1, Cancellation);
        await Commit(
            Row("a", Grade.Gold, long.MaxValue, limit: long.MinValue),
            Row("b", Grade.Gold, long.MaxValue, limit: long.MinValue),
            Row("c", Grade.Gold, 1, limit: null),
            Row("d", Grade.Plain, 0, limit: null));

        (await Groups(new([nameof(Specimen.Grade)], [nameof(Specimen.Amount), nameof(Specimen.Limit)]))).ShouldBe(
            ["Gold 3: 18446744073709551615, -18446744073709551616", "Plain 1: 0, 0"]);
    }

    [Fact]
    public async Task A_condition_leaves_rows_out_and_groups_with_them()
    {
        await Fill();

        (await Groups(ByGrade with { Where = "amount < $1 AND count > $2", Values = [2L, 1] }))
            .ShouldBe(["Plain d 1: -3, 0", "Plain e 1: -4, 0"]);
    }

    [Fact]
    public async Task Groups_are_read_page_by_page_also_under_a_condition()
    {
        await Fill();

        var first = await Groups(ByGrade with { Where = "amount <> $1", Values = [5L], Limit = 2 });
        first.ShouldBe(["Gold b 1: 7, 0", "Plain c 1: 1, 0"]);
        (await Groups(ByGrade with { Where = "amount <> $1", Values = [5L], After = ["Plain", "c"] }))
            .ShouldBe(["Plain d 1: -3, 0", "Plain e 1: -4, 0"]);
    }

    [Fact]
    public async Task Groups_say_from_which_position_they_are()
    {
        (await Store.GroupAsync(Specimen.Model, ByGrade, Cancellation)).Position.ShouldBe(0);
        await Fill();

        (await Store.GroupAsync(Specimen.Model, ByGrade, Cancellation)).Position.ShouldBe(5);
    }

    [Fact]
    public async Task What_cannot_be_grouped_is_refused()
    {
        await Should.ThrowAsync<ArgumentException>(() => Groups(new([nameof(Specimen.Count)], [])));
        await Should.ThrowAsync<ArgumentException>(() => Groups(new([nameof(Specimen.Remark)], [])));
        await Should.ThrowAsync<ArgumentException>(() => Groups(new(["Nonsense"], [])));
        await Should.ThrowAsync<ArgumentException>(() => Groups(ByGrade with { After = ["Gold"] }));
    }

    private async Task Fill()
    {
        await Store.PrepareAsync(Specimen.Model, 1, Cancellation);
        await Commit(
            Row("a", Grade.Gold, 5, count: 1),
            Row("b", Grade.Gold, 7, count: 2),
            Row("c", Grade.Plain, 1, count: 1),
            Row("d", Grade.Plain, -3, count: 5),
            Row("e", Grade.Plain, -4, count: 6));
    }

    private Task<CommitOutcome> Commit(params Specimen[] rows) => Store.CommitAsync(
        Specimen.Model, new ProjectionCommit<Specimen>(new(Only, 1, 0), 5) { Upserts = rows }, Cancellation);

    private async Task<IEnumerable<string>> Groups(ReadModelGroups groups) =>
        (await Store.GroupAsync(Specimen.Model, groups, Cancellation)).Rows
            .Select(group => $"{string.Join(' ', group.By)} {group.Count}: {string.Join(", ", group.Sums)}");

    private static Specimen Row(string id, Grade grade, long amount, int count = 0, long? limit = 0) =>
        Specimen.Empty(id) with { Grade = grade, Amount = amount, Count = count, Limit = limit };
}
