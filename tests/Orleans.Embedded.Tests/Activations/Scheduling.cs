using Waybill.Tests.Support;

#pragma warning disable ORLEANS0014 // Leaving the scheduler is what is tested.

namespace Waybill.Tests.Activations;

public sealed class Scheduling(OneSilo silo)
{
    private IScheduled Grain => silo.Client.GetGrain<IScheduled>($"{Guid.NewGuid()}");

    [Fact]
    public async Task Code_of_a_grain_stays_on_its_scheduler_whatever_it_awaits() =>
        (await Grain.WhereItLeaves()).ShouldBe("");

    [Fact]
    public async Task Code_that_asks_to_leave_the_scheduler_leaves_it_and_the_grain_comes_back() =>
        (await Grain.WhoAskedToLeave()).ShouldBe("Task.Run: gone, back; ConfigureAwait(false): gone");

    [Fact]
    public async Task A_task_that_a_grain_starts_with_the_current_scheduler_is_a_turn_of_its_own() =>
        (await Grain.StartTurns()).ShouldBe(1000);

    [Fact]
    public async Task A_hundred_callers_find_a_grain_in_one_turn_at_a_time()
    {
        var grain = Grain;

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++) await grain.Increment();
        }))).Soon();

        (await grain.Increment()).ShouldBe((100 * 50) + 1);
    }

    [Fact]
    public async Task A_grain_that_is_busy_for_long_does_not_keep_others_from_running()
    {
        var name = $"{Guid.NewGuid()}";
        var busy = silo.Grains.GetGrain<IScheduled>(name).TurnAfterTurn(name);
        await Gate.Of(name).Entered;

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Grain.Increment())).Soon();
        Gate.Of(name).Open();

        await busy.Soon();
    }
}

public interface IScheduled : IGrainWithStringKey
{
    Task<string> WhereItLeaves();

    Task<string> WhoAskedToLeave();

    Task<int> StartTurns();

    Task<int> Increment();

    Task TurnAfterTurn(string name);
}

public sealed class ScheduledGrain : Grain, IScheduled
{
    private readonly List<string> _left = [];
    private TaskScheduler? _scheduler;
    private int _count;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _scheduler = TaskScheduler.Current;
        return Task.CompletedTask;
    }

    public async Task<string> WhereItLeaves()
    {
        Look("start");
        await Task.Yield();
        Look("yield");
        await Task.Delay(1);
        Look("delay");
        await Task.WhenAll(Task.Delay(1), Task.Run(() => { }));
        Look("when all");
        await Task.WhenAny(Task.Delay(1), Task.Run(() => { }));
        Look("when any");
        await Task.Run(() => { });
        Look("run");
        await new ValueTask(Task.Delay(1));
        Look("value task");
        await foreach (var _ in Numbers()) Look("async stream");
        using var semaphore = new SemaphoreSlim(0);
        _ = Task.Run(semaphore.Release);
        await semaphore.WaitAsync();
        Look("semaphore");
        var other = GrainFactory.GetGrain<IScheduled>($"{Guid.NewGuid()}");
        await other.Increment();
        Look("call");
        await Helper();
        Look("helper that left");
        return string.Join(", ", _left);
    }

    public async Task<string> WhoAskedToLeave()
    {
        var inRun = await Task.Run(IsHere);
        var afterRun = IsHere();
        await Task.Delay(1).ConfigureAwait(false);
        return $"Task.Run: {Say(inRun)}, {(afterRun ? "back" : "lost")}; ConfigureAwait(false): {Say(IsHere())}";

        static string Say(bool here) => here ? "here" : "gone";
    }

    public async Task<int> StartTurns()
    {
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => Task.Factory.StartNew(
            () => _count++, CancellationToken.None, TaskCreationOptions.None, TaskScheduler.Current)));
        return _count;
    }

    public Task<int> Increment() => Task.FromResult(++_count);

    public async Task TurnAfterTurn(string name)
    {
        var open = Gate.Of(name).Pass();
        while (!open.IsCompleted)
        {
            Thread.SpinWait(100);
            await Task.Yield();
        }
    }

    private static async Task Helper() => await Task.Delay(1).ConfigureAwait(false);

    private static async IAsyncEnumerable<int> Numbers()
    {
        await Task.Delay(1);
        yield return 1;
    }

    private bool IsHere() => TaskScheduler.Current == _scheduler;

    private void Look(string after)
    {
        if (!IsHere()) _left.Add(after);
    }
}
