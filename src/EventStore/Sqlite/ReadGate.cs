namespace Waybill.EventStore.Sqlite;

/// <summary>
/// Holds new reads back while the write-ahead log is emptied. Readers that follow one another without a pause would
/// keep it for longer than its emptying can wait. One thread closes and opens it; any may pass.
/// </summary>
internal sealed class ReadGate
{
    private volatile TaskCompletionSource? _opening;

    /// <summary>Completes once the gate is open.</summary>
    public Task Passing => _opening?.Task ?? Task.CompletedTask;

    public void Close() => _opening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open()
    {
        var opening = _opening;
        _opening = null;
        opening?.SetResult();
    }
}
