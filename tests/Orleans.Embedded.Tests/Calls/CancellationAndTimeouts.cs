using Orleans.Concurrency;
using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Calls;

public sealed class CancellationAndTimeouts(OneSilo silo, TwoSilos two)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelling_reaches_the_grain_and_ends_the_call(bool fromClient)
    {
        IGrainFactory factory = fromClient ? silo.Client : silo.Grains;
        var name = $"{Guid.NewGuid()}";
        using var cancellation = new CancellationTokenSource();

        var call = factory.GetGrain<IPatient>(name).WaitUntilCancelled(name, cancellation.Token);
        await Gate.Of(name).Entered;
        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(call.Soon());
        await Gate.Of($"{name} cancelled").Entered;
    }

    [Fact]
    public async Task Cancelling_reaches_a_grain_through_the_grains_in_between()
    {
        var first = await two.Cluster.GrainOn<IPatient>(two.Here, two.Cluster.Client);
        var second = await two.Cluster.GrainOn<IPatient>(two.There, two.Cluster.Client);
        var name = $"{Guid.NewGuid()}";
        using var cancellation = new CancellationTokenSource();

        var call = first.WaitAt(second, name, cancellation.Token);
        await Gate.Of(name).Entered;
        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(call.Soon());
        await Gate.Of($"{name} cancelled").Entered;
    }

    [Fact]
    public async Task A_call_that_is_cancelled_beforehand_is_not_sent()
    {
        var name = $"{Guid.NewGuid()}";
        var cancelled = new CancellationToken(canceled: true);
        var call = async () => await silo.Client.GetGrain<IPatient>(name).WaitUntilCancelled(name, cancelled);

        await Should.ThrowAsync<OperationCanceledException>(call);
        Notes.Of(name).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_token_that_cannot_be_cancelled_is_an_ordinary_argument() =>
        (await silo.Client.GetGrain<IPatient>("k").Answer(1, "x", CancellationToken.None)).ShouldBe("1 x");

    [Fact]
    public async Task A_call_to_a_method_with_a_response_timeout_is_not_waited_for_longer()
    {
        var name = $"{Guid.NewGuid()}";
        var grain = silo.Client.GetGrain<IPatient>(name);

        var call = grain.WaitTooLong(name);
        await Gate.Of(name).Entered;

        await Should.ThrowAsync<TimeoutException>(call.Soon());
        Gate.Of(name).Open();
        (await grain.Answer(2, "goes on", CancellationToken.None)).ShouldBe("2 goes on");
    }

    [Fact]
    public async Task A_grain_that_calls_itself_ends_in_a_timeout()
    {
        var grain = silo.Client.GetGrain<IPatient>($"{Guid.NewGuid()}");

        (await grain.CallsItself().Soon()).ShouldBe(nameof(TimeoutException));
    }

    [Fact]
    public async Task A_cycle_of_calls_ends_in_a_timeout()
    {
        var a = silo.Client.GetGrain<IPatient>($"{Guid.NewGuid()}");
        var b = silo.Client.GetGrain<IPatient>($"{Guid.NewGuid()}");

        (await a.CallsBack(b).Soon()).ShouldBe(nameof(TimeoutException));
    }

    [Fact]
    public async Task A_cycle_of_calls_is_no_deadlock_if_the_method_interleaves()
    {
        var a = silo.Client.GetGrain<IPatient>($"{Guid.NewGuid()}");
        var b = silo.Client.GetGrain<IPatient>($"{Guid.NewGuid()}");

        (await a.CallsBackInterleaving(b).Soon()).ShouldBe("answered");
    }
}

public interface IPatient : ISomewhere
{
    Task WaitUntilCancelled(string name, CancellationToken cancellationToken);

    Task WaitAt(IPatient other, string name, CancellationToken cancellationToken);

    Task<string> Answer(int number, string text, CancellationToken cancellationToken);

    [ResponseTimeout("00:00:01")]
    Task WaitTooLong(string name);

    Task<string> CallsItself();

    Task<string> CallsBack(IPatient other);

    Task<string> CallsBackInterleaving(IPatient other);

    [ResponseTimeout("00:00:01")]
    Task Impatiently(IPatient? caller);

    Task<string> PassBack(IPatient caller);

    [AlwaysInterleave]
    Task<string> AnswerAnyway();
}

public sealed class PatientGrain(ILocalSiloDetails here) : Grain, IPatient
{
    public Task<SiloAddress> Whereabouts() => Task.FromResult(here.SiloAddress);

    public async Task WaitUntilCancelled(string name, CancellationToken cancellationToken)
    {
        Notes.Write(name, "called");
        try
        {
            await Gate.Of(name).Pass(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _ = Gate.Of($"{name} cancelled").Pass(CancellationToken.None);
            throw;
        }
    }

    public Task WaitAt(IPatient other, string name, CancellationToken cancellationToken) =>
        other.WaitUntilCancelled(name, cancellationToken);

    public Task<string> Answer(int number, string text, CancellationToken cancellationToken) =>
        Task.FromResult($"{number} {text}");

    public Task WaitTooLong(string name) => Gate.Of(name).Pass();

    public Task<string> CallsItself() => NameOfFailure(() => this.AsReference<IPatient>().Impatiently(null));

    public Task<string> CallsBack(IPatient other) =>
        NameOfFailure(() => other.Impatiently(this.AsReference<IPatient>()));

    public Task Impatiently(IPatient? caller) => caller is null ? Task.CompletedTask : caller.Impatiently(null);

    public Task<string> CallsBackInterleaving(IPatient other) => other.PassBack(this.AsReference<IPatient>());

    public Task<string> PassBack(IPatient caller) => caller.AnswerAnyway();

    public Task<string> AnswerAnyway() => Task.FromResult("answered");

    private static async Task<string> NameOfFailure(Func<Task> call)
    {
        try
        {
            await call();
            return "none";
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }
}
