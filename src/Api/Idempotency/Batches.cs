namespace Waybill.Api.Idempotency;

/// <summary>
/// Writes in batches: what comes while one is being written goes with the next, so that many share the wait for the
/// disk. Safe for concurrent use.
/// </summary>
/// <param name="write">Writes some items and returns the result of each, in their order.</param>
internal sealed class Batches<TItem, TResult>(Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> write)
{
    // So that a batch is written in a few milliseconds, and its statement stays a few hundred kilobytes.
    private const int SizeMax = 500;

    private readonly Lock _gate = new(); // Guards the fields below.
    private readonly Queue<(TItem Item, TaskCompletionSource<TResult> Result)> _waiting = new();
    private bool _isWriting;

    /// <summary>Writes an item.</summary>
    /// <returns>Its result, once it is written; or what went wrong with its batch.</returns>
    public Task<TResult> AddAsync(TItem item)
    {
        var result = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue((item, result));
            if (_isWriting)
                return result.Task;
            _isWriting = true;
        }
        _ = WriteAsync();
        return result.Task;
    }

    private async Task WriteAsync()
    {
        while (Take() is { Count: > 0 } batch)
        {
            try
            {
                var results = await write([.. batch.Select(waiting => waiting.Item)]);
                for (var i = 0; i < batch.Count; i++)
                    batch[i].Result.SetResult(results[i]);
            }
            catch (Exception error) // The next batch must not suffer for this one, whose callers are told.
            {
                foreach (var (_, result) in batch)
                {
                    result.TrySetException(error);
                    _ = result.Task.Exception; // Nobody may be waiting.
                }
            }
        }
    }

    private List<(TItem Item, TaskCompletionSource<TResult> Result)> Take()
    {
        lock (_gate)
        {
            List<(TItem, TaskCompletionSource<TResult>)> taken = [];
            while (taken.Count < SizeMax && _waiting.TryDequeue(out var next))
                taken.Add(next);
            _isWriting = taken.Count > 0;
            return taken;
        }
    }
}
