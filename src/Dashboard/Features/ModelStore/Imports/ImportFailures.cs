namespace Ops.Dashboard.Features.ModelStore.Imports;

/// <summary>The source was refused or is not what it should be. Trying again by itself would not help. The message is for the person.</summary>
internal sealed class ImportRefusedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The source does not answer as it should right now; trying again may help. The message is for the person.</summary>
internal sealed class ImportInterruptedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The source has changed since its files were listed: what was fetched belongs to something else, and everything is fetched anew.</summary>
internal sealed class ImportChangedException(string message) : Exception(message);
