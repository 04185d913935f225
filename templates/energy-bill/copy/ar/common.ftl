# كلمات تشترك فيها القنوات. النبرة: مهذّبة ومحايدة، وجمل قصيرة، ولا مزاح في أمور المال.

### المُرسِل
brand-name = Brezza Energia
brand-tagline = الطاقة بشرح واضح.

### بنود الفاتورة
line-energy = الطاقة
line-network = الشبكة والعدّاد
line-system = رسوم النظام
line-taxes = الضرائب على الطاقة
line-vat = ضريبة القيمة المضافة
line-discount = خصم
line-adjustment = تسوية
line-fee = الرسم الثابت

### رؤوس الجدول
table-label = البند
table-quantity = الكمية
table-unit-price = سعر الوحدة
table-amount = المبلغ
table-total = المجموع

### العناوين
label-total = المجموع
label-bill-number = رقم الفاتورة
label-account = رقم الحساب
label-period = الفترة
label-issued = تاريخ الإصدار
label-due = آخر موعد للدفع
label-debit = تاريخ الخصم
label-usage = الاستهلاك
label-daily = المتوسط اليومي
label-last-year = قبل عام
label-neighbours = منازل مشابهة
label-you = منزلكم
label-previous = الفاتورة السابقة
label-this-bill = هذه الفاتورة
label-change = الفرق
label-tariff = التعرفة
label-unit-price = سعر الكيلوواط ساعة
label-standing-charge = الرسم الثابت في الشهر
label-green = الطاقة المتجددة
label-month = الشهر
period-range = من { $period_start } إلى { $period_end }
period-days =
    { $days_n ->
        [zero] لا أيام
        [one] يوم واحد
        [two] يومان
        [few] { $days } أيام
        [many] { $days } يومًا
       *[other] { $days } يوم
    }

### طريقة الدفع
state-due-name = المبلغ المستحق
state-debit-name = الخصم المباشر
state-credit-name = رصيد لصالحكم
method-direct-debit = الخصم المباشر
method-transfer = تحويل مصرفي

### لماذا تغيّر المبلغ
effect-usage = الاستهلاك
effect-price = سعر الطاقة
effect-other = الشبكة والضرائب والبنود الأخرى
effect-usage-why = أثر زيادة الاستهلاك أو نقصه، محسوبًا بسعر الفاتورة السابقة.
effect-price-why = أثر تغيّر السعر على الطاقة المستهلكة هذا الشهر.
effect-other-why = كل ما عدا ذلك: الشبكة والرسوم والضرائب والخصومات والتسويات.

### العروض
offer-solar-name = ألواح شمسية
offer-ev-name = تعرفة ليلية للسيارة الكهربائية
offer-heat-pump-name = مضخة حرارية
offer-app-name = تطبيق Brezza
offer-solar-saving = يمكن أن توفّر لكم الألواح الشمسية نحو { $offer_saving } في السنة.
offer-ev-saving = يمكن أن يوفّر لكم شحن السيارة ليلًا نحو { $offer_saving } في السنة.
offer-heat-pump-saving = يمكن أن توفّر لكم مضخة حرارية بدل الغاز نحو { $offer_saving } في السنة.
offer-saving-note = تقدير لسنة واحدة بحسب استهلاككم، وقد يختلف التوفير الفعلي.

### المساعدة والملاحظات
help-contact = لأي سؤال، راسلونا على help@brezza.example وسيردّ عليكم أحد موظفينا.
legal-sender = Brezza Energia S.p.A., Via del Maestrale 1, 16100 Genova, Italia
legal-fiction = شركة Brezza Energia من وحي الخيال، والأشخاص والمبالغ في هذا المثال كلها خيالية.
legal-neighbours = مقارنة بمتوسط استهلاك منازل مشابهة في منطقتكم خلال الفترة نفسها.
legal-preferences = تصلكم عروضنا بناءً على موافقتكم، ويمكنكم تغيير رأيكم في أي وقت.
