namespace Orleans.Runtime.ReminderService;

/// <summary>
/// When a reminder ticks: at its start and at whole periods after it, however long deliveries take or a silo is away.
/// </summary>
internal static class ReminderSchedule
{
    /// <summary>
    /// The first tick that is not before <paramref name="now"/>, and is after <paramref name="last"/> if there was one.
    /// </summary>
    internal static DateTime NextTick(ReminderEntry entry, DateTime? last, DateTime now)
    {
        var next = NotBefore(now, DateTime.SpecifyKind(entry.StartAt, DateTimeKind.Utc), entry.Period);
        return last is { } previous && next <= previous ? Add(previous, entry.Period) : next;
    }

    /// <summary>Later by <paramref name="span"/>, or at the end of time.</summary>
    internal static DateTime Add(DateTime time, TimeSpan span) =>
        span < DateTime.MaxValue - time ? time + span : DateTime.MaxValue;

    private static DateTime NotBefore(DateTime now, DateTime start, TimeSpan period)
    {
        if (now <= start) return start;
        var sinceLast = TimeSpan.FromTicks((now - start).Ticks % period.Ticks);
        return sinceLast == TimeSpan.Zero ? now : Add(now, period - sinceLast);
    }
}

/// <summary>
/// Hashes after <paramref name="Begin"/> and up to <paramref name="End"/>; around the end of the numbers if the one is
/// not before the other.
/// </summary>
internal readonly record struct ReminderRange(uint Begin, uint End)
{
    /// <summary>One of <paramref name="count"/> equal parts of all hashes.</summary>
    internal static ReminderRange Part(int index, int count) => new(Bound(index, count), Bound(index + 1, count));

    internal bool Contains(GrainId grain)
    {
        var hash = grain.GetUniformHashCode();
        return Begin < End ? hash > Begin && hash <= End : hash > Begin || hash <= End;
    }

    // The last bound is 2^32, which is 0 again: the last part goes around the end.
    private static uint Bound(int index, int count) => unchecked((uint)(((ulong)index << 32) / (ulong)count));
}
