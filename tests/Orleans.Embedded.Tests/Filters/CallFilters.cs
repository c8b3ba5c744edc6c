using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Filters;

public sealed class CallFilters : IAsyncLifetime
{
    private readonly string _name = $"{Guid.NewGuid()}";
    private readonly InProcessTestCluster _cluster = Silos.Compose(1, silo => silo
        .AddIncomingGrainCallFilter<NotingFilter>()
        .AddIncomingGrainCallFilter(async context =>
        {
            if (context.MethodName != nameof(IFiltered.Replaced)) await context.Invoke();
            else context.Result = "replaced on the way in";
        })
        .AddIncomingGrainCallFilter(new RepeatingFilter())
        .AddOutgoingGrainCallFilter(async context =>
        {
            await context.Invoke();
            if (context.MethodName == nameof(IFiltered.Shouted)) context.Result = $"{context.Result}!";
        })).Build();

    private IFiltered Grain => _cluster.Client.GetGrain<IFiltered>(_name);

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Incoming_filters_stand_around_a_call_and_the_grains_own_stands_innermost()
    {
        await Grain.Call();

        Notes.Of(_name).ShouldBe(
            ["in: Call of filtered", "own: Call", "called", "own: done", "out: Call gave Int32 1"]);
    }

    [Fact]
    public async Task A_filter_may_answer_instead_of_the_grain()
    {
        (await Grain.Replaced()).ShouldBe("replaced on the way in");
        Notes.Of(_name).ShouldBe(["in: Replaced of filtered", "out: Replaced gave String replaced on the way in"]);
    }

    [Fact]
    public async Task A_filter_sees_the_calls_exception()
    {
        await Should.ThrowAsync<InvalidOperationException>(Grain.Fail());

        Notes.Of(_name).ShouldBe(["in: Fail of filtered", "own: Fail", "failed: the call fails"]);
    }

    [Fact]
    public async Task A_filter_may_try_again()
    {
        (await Grain.FailFirst()).ShouldBe("at the second attempt");

        Notes.Of(_name).ShouldBe(
        [
            "in: FailFirst of filtered", "own: FailFirst", "own: FailFirst", "own: done",
            "out: FailFirst gave String at the second attempt",
        ]);
    }

    [Fact]
    public async Task Outgoing_filters_stand_around_the_calls_that_a_grain_makes() =>
        (await Grain.AskToShout(_cluster.Client.GetGrain<IFiltered>("other"))).ShouldBe("loud!");

    [Fact]
    public async Task A_filter_is_told_the_methods_of_interface_and_class_and_the_target()
    {
        await Grain.Describe(1, "x");

        Notes.Of(_name).ShouldContain(
            $"described: IFiltered.Describe, FilteredGrain.Describe, {Grain.GetGrainId()}, {nameof(FilteredGrain)}");
    }

    /// <summary>Notes down what it sees; that it wants a grain factory shows that filters may.</summary>
    private sealed class NotingFilter(IGrainFactory factory) : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            ArgumentNullException.ThrowIfNull(factory);
            if (context.Grain is not FilteredGrain)
            {
                await context.Invoke();
                return;
            }

            var name = context.TargetId.Key.ToString()!;
            if (context.MethodName == nameof(IFiltered.Describe))
            {
                Notes.Write(
                    name,
                    $"described: {Shown(context.InterfaceMethod)}, {Shown(context.ImplementationMethod)}, "
                    + $"{context.TargetId}, {context.TargetContext.GrainInstance!.GetType().Name}");
            }

            Notes.Write(name, $"in: {context.MethodName} of {context.TargetId.Type}");
            try
            {
                await context.Invoke();
                Notes.Write(name, $"out: {context.MethodName} gave {context.Result?.GetType().Name} {context.Result}");
            }
            catch (Exception exception)
            {
                Notes.Write(name, $"failed: {exception.Message}");
                throw;
            }
        }

        private static string Shown(System.Reflection.MethodInfo method) =>
            $"{method.DeclaringType!.Name}.{method.Name}";
    }

    private sealed class RepeatingFilter : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            try
            {
                await context.Invoke();
            }
            catch (TimeoutException)
            {
                await context.Invoke();
            }
        }
    }
}

public interface IFiltered : IGrainWithStringKey
{
    Task<int> Call();

    Task<string> Replaced();

    Task Fail();

    Task<string> FailFirst();

    Task<string> Shouted();

    Task<string> AskToShout(IFiltered other);

    Task Describe(int number, string text);
}

public sealed class FilteredGrain : Grain, IFiltered, IIncomingGrainCallFilter
{
    private bool _failed;

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        Notes.Write(this.GetPrimaryKeyString(), $"own: {context.MethodName}");
        await context.Invoke();
        Notes.Write(this.GetPrimaryKeyString(), "own: done");
    }

    public Task<int> Call()
    {
        Notes.Write(this.GetPrimaryKeyString(), "called");
        return Task.FromResult(1);
    }

    public Task<string> Replaced() => throw new InvalidOperationException("never called");

    public Task Fail() => throw new InvalidOperationException("the call fails");

    public Task<string> FailFirst()
    {
        if (_failed) return Task.FromResult("at the second attempt");
        _failed = true;
        throw new TimeoutException("the first attempt");
    }

    public Task<string> Shouted() => Task.FromResult("loud");

    public Task<string> AskToShout(IFiltered other) => other.Shouted();

    public Task Describe(int number, string text) => Task.CompletedTask;
}
