using Waybill.Tests.EventStore;
using Xunit.Runner.InProc.SystemConsole;

return args switch
{
    [Victim.OnSqlite or Victim.OnPostgres, var target] => await Victim.AppendUntilKilled(args[0], target),
    [FullDisk.Verb, var path] => await FullDisk.Meet(path),
    _ => await ConsoleRunner.Run(args),
};
