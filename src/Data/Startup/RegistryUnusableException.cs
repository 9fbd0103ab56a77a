namespace Ops.Data.Startup;

/// <summary>The database cannot be used by this program. The message says what the administrator can do about it.</summary>
public sealed class RegistryUnusableException(string message, Exception? cause = null) : Exception(message, cause);
