using System.Diagnostics;
using System.Globalization;
using Waybill.EventStore;

namespace Waybill.Silo;

/// <summary>
/// The verb <c>verify</c>: reads the whole log and says in one line whether it is what was once written.
/// </summary>
internal static class Verify
{
    public const string Verb = "verify";

    private const int IsIntact = 0, IsBroken = 1, CannotRun = 2;

    private const string AnchorSwitch = "--anchor";

    /// <returns>The process's exit code: 0 if the log is intact, 1 if it is broken, 2 if nobody can tell.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            var (options, given) = VerbArguments.Read(arguments, own: AnchorSwitch);
            var anchor = given is null ? null : ParseAnchor(given);
            await using var services = new ServiceCollection()
                .AddLogging()
                .AddEventStore(OfWhatIsThere(options))
                .BuildServiceProvider();
            var audit = services.GetRequiredService<ILogAudit>();
            var start = Stopwatch.GetTimestamp();
            var found = await audit.VerifyAsync(anchor);
            Console.WriteLine(Line(found, Stopwatch.GetElapsedTime(start)));
            return found is Verification.Intact ? IsIntact : IsBroken;
        }
        catch (Exception error) when (Start.Reason(error) is { } reason)
        {
            await Console.Error.WriteLineAsync($"Waybill cannot verify: {reason}");
            return CannotRun;
        }
    }

    private static LogAnchor ParseAnchor(string text)
    {
        var parts = text.Split(':');
        if (parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            && position > 0
            && parts[1].Length == 64
            && parts[1].All(char.IsAsciiHexDigit))
            return new(position, parts[1]);
        throw new StartException($"{AnchorSwitch} is a position, a colon and the hash of its event in 64 digits.");
    }

    // A store that is not there would be made, and found intact.
    private static WaybillOptions OfWhatIsThere(WaybillOptions options) =>
        !string.IsNullOrWhiteSpace(options.Postgres) || File.Exists(WaybillSilo.DatabaseIn(options.Data))
            ? options
            : throw new StartException($"there is no event store in {Path.GetFullPath(options.Data)}.");

    private static string Line(Verification found, TimeSpan took) => found switch
    {
        Verification.Broken broken => $"broken at position {broken.Position}: {broken.Reason}",
        Verification.Intact { Head: null, Unchained: 0 } => "intact: the log is empty",
        Verification.Intact { Head: null, Unchained: var unchained } =>
            $"not chained: all {unchained} events are from before the chain of hashes began",
        Verification.Intact { Head: { } head, Unchained: var unchained } => string.Create(
            CultureInfo.InvariantCulture,
            $"intact: {head.Position} events, anchor {head.Position}:{head.Hash}"
            + $"{(unchained > 0 ? $", the first {unchained} from before the chain began" : "")}"
            + $" ({head.Position / took.TotalSeconds:F0} events/s)"),
        _ => throw new UnreachableException(),
    };
}
