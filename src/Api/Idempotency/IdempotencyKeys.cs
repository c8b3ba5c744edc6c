using System.Collections.Concurrent;
using Waybill.Api.Http;
using Waybill.EventStore.Idempotency;

namespace Waybill.Api.Idempotency;

/// <summary>
/// Carries out each command that is sent under a key once. Before it is, its id is on disk; before it is answered, its
/// answer is.
/// </summary>
/// <remarks>
/// The crash between the two: whoever sends the command again has it carried out under the same id, and it is found if
/// it had been already. One request at a time carries out a command. In this process the others wait for it; for those
/// in other processes it has a lease, so that one that died keeps nobody waiting for long.
/// </remarks>
internal sealed class IdempotencyKeys
{
    // Longer than a command can take effect after it was begun: 4 s to have its key written, 4.5 s for its call.
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    // How long to wait for another process, so that there is time left to carry the command out here.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(400);

    private readonly ConcurrentDictionary<(string Key, string Request), TaskCompletionSource<KeptAnswer>> _underWay =
        new();

    private readonly Batches<NewKeyedCommand, KeyedCommand> _begins;
    private readonly Batches<KeyedCommandEnd, bool> _ends;
    private readonly TimeProvider _time;

    public IdempotencyKeys(IIdempotencyStore store, TimeProvider time)
    {
        _time = time;
        _begins = new(commands =>
        {
            var now = time.GetUtcNow();
            return store.BeginAsync(commands, now, now + Lease);
        });
        _ends = new(async ends =>
        {
            await store.EndAsync(ends, time.GetUtcNow());
            return [.. ends.Select(_ => true)];
        });
    }

    /// <summary>Carries out a command under its id, unless it was; answers it in any case.</summary>
    /// <param name="key">The caller's key within its scope.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="carryOut">Carries it out under an id.</param>
    /// <exception cref="MalformedException">The key is that of another request.</exception>
    /// <exception cref="TimeoutException">Another process is still carrying it out.</exception>
    public async Task<IResult> OnceAsync(string key, string request, Func<Guid, Task<KeptAnswer>> carryOut)
    {
        while (true)
        {
            var own = new TaskCompletionSource<KeptAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
            var other = _underWay.GetOrAdd((key, request), own);
            if (other == own)
                return await LeadAsync(own, key, request, carryOut);
            try
            {
                return new Replay(await other.Task, isReplay: true);
            }
            catch (OperationCanceledException)
            {
                // Whoever sent that one has gone, which is no answer to this one.
            }
        }
    }

    private async Task<IResult> LeadAsync(
        TaskCompletionSource<KeptAnswer> own, string key, string request, Func<Guid, Task<KeptAnswer>> carryOut)
    {
        try
        {
            var command = await BeginAsync(key, request);
            var kept = command.Answer is { } answer ? KeptAnswer.Parse(answer) : null;
            own.SetResult(kept ?? await CarryOutAsync(key, command.CommandId, carryOut));
            return new Replay(await own.Task, isReplay: kept is not null);
        }
        catch (Exception error) // Those who wait for this one are told the same.
        {
            if (error is OperationCanceledException)
                own.SetCanceled();
            else
                own.SetException(error);
            _ = own.Task.Exception; // Nobody may be waiting.
            throw;
        }
        finally
        {
            _underWay.TryRemove((key, request), out _);
        }
    }

    private async Task<KeyedCommand> BeginAsync(string key, string request)
    {
        var since = _time.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(50); ; pause = pause * 2 < PauseMax ? pause * 2 : PauseMax)
        {
            var found = await _begins.AddAsync(new(key, request, Guid.CreateVersion7(_time.GetUtcNow())));
            switch (found.Status)
            {
                case KeyedCommandStatus.Begun or KeyedCommandStatus.Answered:
                    return found;
                case KeyedCommandStatus.OtherRequest:
                    throw new MalformedException(
                        "The Idempotency-Key is that of an earlier command with another body.",
                        "idempotency-key-reused",
                        StatusCodes.Status422UnprocessableEntity);
                case KeyedCommandStatus.UnderWay when _time.GetElapsedTime(since) > Patience:
                    throw new TimeoutException("Another process is carrying out the command.");
            }
            await Task.Delay(pause, _time);
        }
    }

    private async Task<KeptAnswer> CarryOutAsync(string key, Guid commandId, Func<Guid, Task<KeptAnswer>> carryOut)
    {
        KeptAnswer answer;
        try
        {
            answer = await carryOut(commandId);
        }
        catch (Exception error)
        {
            _ = _ends.AddAsync(new(key, null, IsVoid: error is BadHttpRequestException));
            throw;
        }
        var end = _ends.AddAsync(new(key, answer.IsFinal ? answer.ToJson() : null, answer.IsVoid));
        if (answer.IsFinal)
            await end;
        return answer;
    }
}
