namespace LocalHost.Tables.Filters;

/// <summary>The comparison operators of OData.</summary>
internal enum Operator
{
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}
