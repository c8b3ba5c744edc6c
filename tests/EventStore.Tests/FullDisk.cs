using System.Runtime.InteropServices;
using Waybill.EventStore;

namespace Waybill.Tests.EventStore;

/// <summary>
/// A process that for a while cannot write a byte to any file, as on a full disk, and prints how its appends end.
/// The operating system's limit on file sizes does it: that makes a commit fail in the middle of its work.
/// </summary>
internal static class FullDisk
{
    public const string Verb = "meet-a-full-disk";

    private const int FileSize = 1;
    private const PosixSignal FileSizeExceeded = (PosixSignal)25;

    public static async Task<int> Meet(string path)
    {
        using var survive = PosixSignalRegistration.Create(FileSizeExceeded, signal => signal.Cancel = true);
        var store = Victim.Open(Victim.OnSqlite, path);
        using var close = (IDisposable)store;
        await Append(store, 0, Make.Event(1, command: 1));

        Check(getrlimit(FileSize, out var unlimited));
        var full = unlimited with { Soft = 0 };
        Check(setrlimit(FileSize, full));
        for (var attempt = 0; attempt < 2; attempt++)
            await Append(store, 1, Make.Event(2, command: 2), Make.Event(3, command: 2));

        Check(setrlimit(FileSize, unlimited));
        for (var attempt = 0; attempt < 2; attempt++)
            await Append(store, 1, Make.Event(2, command: 2), Make.Event(3, command: 2));
        return 0;
    }

    private static async Task Append(IEventStore store, long expectedVersion, params NewEvent[] events)
    {
        try
        {
            var appended = (AppendResult.Appended)await store.AppendAsync(Make.Stream(), expectedVersion, events);
            Console.WriteLine($"{appended.Version} at {appended.Position}");
        }
        catch (StoreUnavailableException)
        {
            Console.WriteLine($"unavailable");
        }
    }

    private static void Check(int result) => result.ShouldBe(0);

    [DllImport("libc")]
    private static extern int getrlimit(int resource, out Limit limit);

    [DllImport("libc")]
    private static extern int setrlimit(int resource, in Limit limit);

    private record struct Limit(nuint Soft, nuint Hard);
}
