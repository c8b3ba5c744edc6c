using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Calls;

public sealed class Failures(OneSilo silo, TwoSilos two)
{
    [Fact]
    public async Task An_exception_reaches_the_caller_in_its_silo_with_type_message_and_stack()
    {
        var failure = await Should.ThrowAsync<InvalidOperationException>(
            () => silo.Grains.GetGrain<IFailing>("k").FailLate("not now"));

        failure.Message.ShouldBe("not now");
        failure.StackTrace!.ShouldContain(nameof(FailingGrain.FailLate));
    }

    [Fact]
    public async Task An_exception_reaches_the_client_with_type_message_and_stack()
    {
        var failure = await Should.ThrowAsync<InvalidOperationException>(
            () => silo.Client.GetGrain<IFailing>("k").FailLate("not now"));

        failure.Message.ShouldBe("not now");
        failure.StackTrace!.ShouldContain(nameof(FailingGrain.FailLate));
    }

    [Fact]
    public async Task An_exception_thrown_before_there_is_a_task_is_the_calls_exception_too()
    {
        var call = silo.Client.GetGrain<IFailing>("k").FailAtOnce();

        (await Should.ThrowAsync<FormatException>(call)).Message.ShouldBe("at once");
    }

    [Fact]
    public async Task An_inner_exception_comes_along()
    {
        var failure = await Should.ThrowAsync<InvalidOperationException>(
            () => silo.Client.GetGrain<IFailing>("k").FailWithCause());

        failure.InnerException.ShouldBeOfType<FormatException>().Message.ShouldBe("the cause");
    }

    [Fact]
    public async Task An_exception_passes_through_the_grains_in_between()
    {
        var first = await two.Cluster.GrainOn<IFailing>(two.Here, two.Cluster.Client);
        var second = await two.Cluster.GrainOn<IFailing>(two.There, two.Cluster.Client);

        var failure = await Should.ThrowAsync<InvalidOperationException>(() => first.PassOn(second));

        failure.Message.ShouldBe("passed on");
    }

    [Fact]
    public async Task An_exception_that_is_serializable_crosses_silos_as_itself()
    {
        var failure = await Should.ThrowAsync<AnnotatedException>(
            () => silo.Client.GetGrain<IFailing>("k").FailAnnotated(7));

        failure.Message.ShouldBe("annotated");
        failure.Number.ShouldBe(7);
    }

    [Fact]
    public async Task A_custom_exception_that_is_not_serializable_stays_itself_within_its_silo() =>
        (await Should.ThrowAsync<UnannotatedException>(() => silo.Grains.GetGrain<IFailing>("k").FailUnannotated()))
            .Message.ShouldBe("unannotated");

    [Fact]
    public async Task A_custom_exception_that_is_not_serializable_is_lost_on_the_way_to_another_silo()
    {
        var caller = await two.Cluster.GrainOn<IFailing>(two.Here, two.Cluster.Client);
        var called = await two.Cluster.GrainOn<IFailing>(two.There, two.Cluster.Client);

        (await caller.WhatFailsAt(called)).ShouldBe("Orleans.Serialization.CodecNotFoundException");
    }

    [Fact]
    public async Task A_failed_call_leaves_the_grain_as_it_was()
    {
        var grain = silo.Client.GetGrain<IFailing>("goes on");
        await Should.ThrowAsync<InvalidOperationException>(() => grain.FailLate("not now"));

        (await grain.Calls()).ShouldBe(1);
    }

    [Fact]
    public async Task An_operation_cancelled_inside_the_grain_is_cancelled_for_the_caller() =>
        await Should.ThrowAsync<OperationCanceledException>(() => silo.Client.GetGrain<IFailing>("k").Cancel());

    [Fact]
    public async Task A_one_way_call_returns_before_it_is_carried_out_and_its_exception_is_lost()
    {
        var grain = silo.Client.GetGrain<IFailing>("one way");
        var gate = Gate.Of("one way");

        await grain.FailUnheard("one way").Soon();
        await gate.Entered;
        gate.Open();

        (await grain.Calls()).ShouldBe(1);
    }
}

public interface IFailing : ISomewhere
{
    Task FailLate(string why);

    Task FailAtOnce();

    Task FailWithCause();

    Task PassOn(IFailing to);

    Task FailAnnotated(int number);

    Task FailUnannotated();

    Task<string> WhatFailsAt(IFailing called);

    Task Cancel();

    [Orleans.Concurrency.OneWay]
    Task FailUnheard(string gate);

    Task<int> Calls();
}

[GenerateSerializer]
public sealed class AnnotatedException(string message, int number) : Exception(message)
{
    [Id(0)]
    public int Number { get; } = number;
}

public sealed class UnannotatedException(string message) : Exception(message);

public sealed class FailingGrain(ILocalSiloDetails here) : Grain, IFailing
{
    private int _calls;

    public Task<SiloAddress> Whereabouts() => Task.FromResult(here.SiloAddress);

    public async Task FailLate(string why)
    {
        _calls++;
        await Task.Yield();
        throw new InvalidOperationException(why);
    }

    public Task FailAtOnce() => throw new FormatException("at once");

    public Task FailWithCause() => throw new InvalidOperationException("the effect", new FormatException("the cause"));

    public Task PassOn(IFailing to) => to.FailLate("passed on");

    public Task FailAnnotated(int number) => throw new AnnotatedException("annotated", number);

    public Task FailUnannotated() => throw new UnannotatedException("unannotated");

    public async Task<string> WhatFailsAt(IFailing called)
    {
        try
        {
            await called.FailUnannotated();
            return "nothing";
        }
        catch (Exception exception)
        {
            return exception.GetType().FullName!;
        }
    }

    public Task Cancel() => Task.FromCanceled(new CancellationToken(canceled: true));

    public async Task FailUnheard(string gate)
    {
        _calls++;
        await Gate.Of(gate).Pass();
        throw new InvalidOperationException("nobody hears this");
    }

    public Task<int> Calls() => Task.FromResult(_calls);
}
