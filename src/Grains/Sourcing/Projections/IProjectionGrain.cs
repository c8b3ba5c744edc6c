using Orleans.Concurrency;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>The host of a projection for one queue of the log. The grain's key is the queue's number.</summary>
/// <remarks>Each projection has an interface of its own that extends this one; operators use the coordinator.</remarks>
public interface IProjectionGrain : IGrainWithStringKey
{
    /// <summary>Sees to it that the host is there; it then goes on by itself.</summary>
    [Alias("wake")]
    Task Wake();

    /// <summary>Processes the queue up to a position, so that whoever wrote there reads what it wrote.</summary>
    /// <returns>
    /// The position up to which it is processed: less than asked for if it took longer than
    /// <see cref="ProjectionOptions.CatchUpLimit"/>, or the store cannot be reached.
    /// </returns>
    [Alias("catch-up-to")]
    Task<long> CatchUpTo(long position);

    /// <summary>How the projection stands in this queue; answered whatever else is under way.</summary>
    [Alias("progress"), AlwaysInterleave]
    Task<QueueProgress> Progress();

    /// <summary>Applies the events of a parked run, in order, and releases its stream.</summary>
    [Alias("redrive")]
    Task<RedriveResult> Redrive(Guid runId, string by);

    /// <summary>Leaves out the event that failed, for good, and applies the others of its run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="version">The version of that event, so that asking twice does not leave out two.</param>
    /// <param name="by">Who asks.</param>
    [Alias("discard")]
    Task<RedriveResult> Discard(Guid runId, long version, string by);

    /// <summary>Folds one stream of this queue anew, and writes its rows.</summary>
    [Alias("rebuild-rows")]
    Task<RedriveResult> RebuildRows(StreamName stream);
}
