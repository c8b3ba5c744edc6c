using System.Diagnostics;

namespace Waybill.Tests;

/// <summary>
/// Time as this process lives it: while a busy or suspended machine lets none of its threads run, next to none passes.
/// For what is promised in so many seconds, which no program can keep that does not run.
/// </summary>
/// <remarks>Late threads of the pool are the program's own affair, and count.</remarks>
internal static class LivedTime
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(10);

    // A thread that waits is a little late on any machine.
    private static readonly TimeSpan BeatMax = TimeSpan.FromMilliseconds(50);

    private static readonly ManualResetEvent Never = new(initialState: false);

    private static long _ticks;

    static LivedTime() =>
        new Thread(Live) { IsBackground = true, Priority = ThreadPriority.Highest, Name = nameof(LivedTime) }.Start();

    /// <summary>How long the process has lived since the first call, to some ten milliseconds.</summary>
    public static TimeSpan Now => new(Interlocked.Read(ref _ticks));

    private static void Live()
    {
        while (true)
        {
            var since = Stopwatch.GetTimestamp();
            Never.WaitOne(Beat);
            var passed = Stopwatch.GetElapsedTime(since);
            Interlocked.Add(ref _ticks, (passed < BeatMax ? passed : BeatMax).Ticks);
        }
    }
}
