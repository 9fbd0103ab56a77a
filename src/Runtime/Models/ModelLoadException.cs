namespace Ops.Runtime.Models;

/// <summary>A version cannot be served. The message is in plain words and holds no paths or addresses: people and other
/// programs read it.</summary>
internal sealed class ModelLoadException(string message, Exception? inner = null) : Exception(message, inner);
