using Microsoft.Extensions.Logging;
using Waybill.Grains.Notifications;

namespace Waybill.Tests.Grains.Notifications;

public sealed class LogSenderTests
{
    [Fact]
    public async Task Without_a_webhook_what_customers_are_told_is_written_to_the_log()
    {
        var id = new Guid("018cc251-f400-7000-8000-000000000001");
        var log = new Written();

        (await new LogSender(log).SendAsync(new(id, "{}"), TestContext.Current.CancellationToken)).ShouldBeNull();

        log.ShouldBe(["Information: Notification 018cc251-f400-7000-8000-000000000001: {}"]);
    }

    private sealed class Written : List<string>, ILogger<LogSender>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => Add($"{logLevel}: {formatter(state, exception)}");
    }
}
