namespace Azure.Data.Tables.Models;

public class TableItem
{
    internal TableItem() { }
}
