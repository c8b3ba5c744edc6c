using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>What applying some events has come to, beside the rows.</summary>
internal sealed class FoldResult
{
    private readonly Dictionary<StreamName, ParkedRun> _parked = [];
    private readonly Dictionary<Guid, (StreamName Stream, ParkedExtension To)> _extended = [];

    /// <summary>Runs that are to be parked.</summary>
    public IReadOnlyList<ParkedRun> Parked => [.. _parked.Values];

    /// <summary>Runs that were parked before and have grown.</summary>
    public IReadOnlyList<ParkedExtension> Extended => [.. _extended.Values.Select(extended => extended.To)];

    /// <summary>What there is to tell.</summary>
    public List<Notice> Notices { get; } = [];

    /// <summary>Lets an event wait if its stream does; false if it does not.</summary>
    public bool Extend(StoredEvent stored, IReadOnlyDictionary<StreamName, ParkedStream> parked)
    {
        if (_parked.Count > 0 && _parked.TryGetValue(stored.Stream, out var run))
        {
            _parked[stored.Stream] = run with { LastVersion = stored.Version, LastPosition = stored.Position };
            return true;
        }
        if (parked.Count == 0 || !parked.TryGetValue(stored.Stream, out var waiting))
            return false;
        _extended[waiting.Id] = (stored.Stream, new(waiting.Id, stored.Version, stored.Position));
        return true;
    }

    /// <summary>Parks an event that failed.</summary>
    public void Park(StoredEvent stored, Exception error, DateTimeOffset now) => _parked[stored.Stream] = new(
        Guid.CreateVersion7(now),
        stored.Stream,
        stored.Version,
        stored.Position,
        stored.Version,
        stored.Position,
        ParkedCause.Of(error, stored),
        now,
        [AttemptOf(error, now)]);

    /// <summary>What is left of a run after an event of it has failed, the same one again or another one.</summary>
    public static ParkedRun FailedAgain(ParkedRun run, ParkedRun failed) => run with
    {
        FirstVersion = failed.FirstVersion,
        FirstPosition = failed.FirstPosition,
        Cause = failed.Cause,
        Attempts = failed.FirstVersion == run.FirstVersion ? [.. run.Attempts, .. failed.Attempts] : failed.Attempts,
    };

    /// <summary>Brings up to date which streams wait, once the result has been committed.</summary>
    public void AddTo(Dictionary<StreamName, ParkedStream> parked)
    {
        foreach (var run in _parked.Values)
            parked[run.Stream] = new(run.Id, run.Stream, run.LastVersion);
        foreach (var (stream, to) in _extended.Values)
            parked[stream] = new(to.Id, stream, to.LastVersion);
    }

    private static Attempt AttemptOf(Exception error, DateTimeOffset now)
    {
        var text = error.ToString();
        return new(now, text.Length <= Attempt.ErrorLengthMax ? text : text[..Attempt.ErrorLengthMax]);
    }
}
