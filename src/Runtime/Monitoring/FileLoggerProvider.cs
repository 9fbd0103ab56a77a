using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Monitoring;

/// <summary>Writes the log into the file that the options name, in the same form as on the console.</summary>
internal sealed class FileLoggerProvider(IOptions<RuntimeOptions> options, IEnumerable<ConsoleFormatter> formatters) : ILoggerProvider
{
    private readonly ConsoleFormatter formatter = formatters.Single(f => f.Name == ConsoleFormatterNames.Json);
    private readonly RollingLogWriter writer = new(options.Value.LogFile!);

    public ILogger CreateLogger(string categoryName) => new FileLogger(categoryName, formatter, writer);

    public void Dispose() => writer.Dispose();

    private sealed class FileLogger(string category, ConsoleFormatter formatter, RollingLogWriter writer) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> describe)
        {
            using var line = new StringWriter();
            formatter.Write(new LogEntry<TState>(logLevel, category, eventId, state, exception, describe), null, line);
            writer.Write(line.ToString());
        }
    }
}
