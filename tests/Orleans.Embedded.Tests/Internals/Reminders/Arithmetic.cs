using Orleans.Runtime;
using Orleans.Runtime.ReminderService;

namespace Waybill.Tests.Internals.Reminders;

public sealed class Arithmetic
{
    private static readonly DateTime Start = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(-5, null, 0)] // Before the start it is the start that is next.
    [InlineData(0, null, 0)]
    [InlineData(1, null, 10)]
    [InlineData(10, null, 10)] // A tick that is due at this moment is due.
    [InlineData(10, 10, 20)] // Unless it has been.
    [InlineData(11, 10, 20)]
    [InlineData(35, 10, 40)] // What was missed stays missed.
    [InlineData(-5, 0, 10)] // The clock was set back.
    public void The_next_tick_is_at_the_start_or_at_whole_periods_after_it(int now, int? last, int next)
    {
        var entry = new ReminderEntry { StartAt = Start, Period = TimeSpan.FromMinutes(10) };

        ReminderSchedule.NextTick(entry, last is { } minute ? At(minute) : null, At(now)).ShouldBe(At(next));
    }

    [Fact]
    public void A_start_that_has_lost_its_kind_is_in_UTC()
    {
        var start = DateTime.SpecifyKind(Start, DateTimeKind.Unspecified);
        var entry = new ReminderEntry { StartAt = start, Period = TimeSpan.FromMinutes(10) };

        ReminderSchedule.NextTick(entry, null, At(1)).Kind.ShouldBe(DateTimeKind.Utc);
    }

    [Fact]
    public void A_period_that_never_ends_ends_with_time()
    {
        var entry = new ReminderEntry { StartAt = Start, Period = TimeSpan.MaxValue };

        ReminderSchedule.NextTick(entry, Start, At(1)).ShouldBe(DateTime.MaxValue);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Every_grain_is_in_one_part_and_the_parts_are_about_equal(int count)
    {
        List<ReminderRange> parts = [.. Enumerable.Range(0, count).Select(index => ReminderRange.Part(index, count))];
        var grains = Enumerable.Range(0, 7000).Select(i => GrainId.Create("sleeper", $"{i}"));

        var shares = grains.CountBy(grain => parts.Single(part => part.Contains(grain))).ToList();

        shares.Count.ShouldBe(count);
        shares.ShouldAllBe(share => Math.Abs(share.Value - (7000.0 / count)) < 300);
    }

    private static DateTime At(int minute) => Start.AddMinutes(minute);
}
